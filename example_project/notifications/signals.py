"""
The signals of the notifications, for other apps to connect to.
"""

from django.dispatch import Signal

# Sent after a mail has been handed to the mail server.
# Arguments: sender (the EmailMessage class), message.
notification_sent = Signal()
