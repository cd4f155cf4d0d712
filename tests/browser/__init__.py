"""What the reader's browser makes of the built book.

A package, so that its browser ends before other tests begin.
"""
