"""
What is connected: every signal, its name, its receivers and their senders.
"""
