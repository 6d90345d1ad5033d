"""Takes a message of Pub/Sub, and sends the report in it by mail."""

import os

import functions_framework

import mail


@functions_framework.http
def send(request):
    """Whatever is raised here has Pub/Sub deliver the message again."""
    envelope = request.get_json(force=True)
    report = mail.unwrap(envelope)
    message = mail.compose(report, os.environ["MAIL_SENDER"], os.environ["MAIL_RECEIVER"].split(","))
    host, port = os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"])
    with mail.connect(host, port) as server:
        server.login(os.environ["SMTP_USER"], os.environ["SMTP_PASSWORD"])
        server.send_message(message)
    return "", 204
