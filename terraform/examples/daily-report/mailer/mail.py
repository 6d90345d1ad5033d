"""A report as a mail. Subject, text and HTML are Plimsoll's own: names and errors in the HTML are escaped already."""

import base64
import json
import smtplib
import ssl
from email.message import EmailMessage


def unwrap(envelope):
    """The report in the body of a push."""
    return json.loads(base64.b64decode(envelope["message"]["data"]))


def compose(report, sender, recipients):
    message = EmailMessage()
    message["Subject"] = report["subject"]
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message.set_content(report["text"])
    message.add_alternative(report["html"], subtype="html")
    return message


def connect(host, port):
    """Never without TLS: the password goes over it."""
    tls = ssl.create_default_context()
    if port == 465:
        return smtplib.SMTP_SSL(host, port, timeout=30, context=tls)
    server = smtplib.SMTP(host, port, timeout=30)
    server.starttls(context=tls)
    return server
