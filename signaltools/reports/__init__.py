"""
Turn records into what people and tools read: one pure function per format.
"""
