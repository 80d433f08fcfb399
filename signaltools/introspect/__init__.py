"""
Look at Python objects, source and models without running any of their code.
"""
