"""
Send emails, and a signal after each of them.
"""

from django.core.mail import EmailMessage

from .signals import notification_sent


def send_mail(to: str, subject: str, body: str) -> None:
    message = EmailMessage(subject=subject, body=body, to=[to])
    message.send()
    notification_sent.send(sender=EmailMessage, message=message)
