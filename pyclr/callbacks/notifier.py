"""Notifier: tells somebody how a run goes, by a webhook or by e-mail."""

from __future__ import annotations

import time

from .._warn import warn
from .callback import Callback
from .remote_monitor import post


class Notifier(Callback):
    """Sends a message when training ends, also by an error or an interruption.

    The message says how many epochs were run, in which time, how training ended, and the last logs.
    A message that can not be sent gives a warning; training goes on.

    Args:
        url: String, the address of a webhook, to which `{field: message}` is sent as JSON by HTTP
            POST (Slack and Mattermost read `"text"`, Discord `"content"`); or `None`.
        field: String. Defaults to `"text"`.
        headers: Dictionary of HTTP headers, or `None`.
        email: String, the address that gets an e-mail, or `None`.
        sender: String, the address it comes from. Defaults to `email`.
        host: String, the mail server. Defaults to `"localhost"`.
        port: Integer, its port: with 465 the connection is encrypted from the start. Defaults to
            25.
        user, password: Strings, with which the server is logged in to, after STARTTLS on other
            ports than 465; or `None`.
        every_n_epochs: Integer, sends a message after so many epochs too; or `None`.
        name: String, what the message calls the run. Defaults to the model's name.
        timeout: Number, seconds to wait for a server. Defaults to 10.

    Raises:
        ValueError: if neither `url` nor `email` is given.

    Example:

    ```python
    tell = pyclr.callbacks.Notifier("https://hooks.example.com/services/...")
    model.fit(x, y, epochs=100, callbacks=[tell])
    ```
    """

    def __init__(
        self,
        url=None,
        field="text",
        headers=None,
        email=None,
        sender=None,
        host="localhost",
        port=25,
        user=None,
        password=None,
        every_n_epochs=None,
        name=None,
        timeout=10,
    ):
        super().__init__()
        if url is None and email is None:
            raise ValueError("Notifier needs a `url` or an `email`. Received: neither")
        self.url, self.field, self.headers = url, field, headers
        self.email, self.sender = email, sender or email
        self.host, self.port, self.user, self.password = host, port, user, password
        self.every_n_epochs = every_n_epochs
        self.name = name
        self.timeout = timeout
        self._epochs = 0
        self._start = None

    def on_train_begin(self, logs=None):
        self._epochs = 0
        self._start = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        self._epochs += 1
        if self.every_n_epochs and (epoch + 1) % self.every_n_epochs == 0:
            self._send(f"is at epoch {epoch + 1}", logs)

    def on_train_end(self, logs=None):
        error = self._run_error
        how = "has ended" if error is None else f"was broken off by {type(error).__name__}: {error}"
        self._send(how.rstrip(": "), logs)

    def _send(self, what, logs):
        text = self.message(what, logs)
        try:
            if self.url is not None:
                post(self.url, {self.field: text}, self.headers, self.timeout)
            if self.email is not None:
                self._send_mail(text)
        except Exception as error:  # of sockets, HTTP, SMTP, TLS: none of them shall end a run
            warn(f"Notifier could not send its message: {error}")

    def message(self, what, logs=None):
        """Returns the text of a message; override it to send another.

        Args:
            what: String, such as `"has ended"`.
            logs: Dictionary of the last epoch's logs.
        """
        name = self.name or getattr(self.model, "name", "the model")
        seconds = time.monotonic() - self._start
        values = ", ".join(f"{key}: {value:.4g}" for key, value in _scalars(logs))
        text = f"Training of {name} {what}; {self._epochs} epochs in {seconds:.0f} s."
        return f"{text} {values}".rstrip()

    def _send_mail(self, text):
        import smtplib
        from email.message import EmailMessage

        mail = EmailMessage()
        mail["Subject"] = text.partition(";")[0].replace("\n", " ")
        mail["From"], mail["To"] = self.sender, self.email
        mail.set_content(text)
        server = smtplib.SMTP_SSL if self.port == 465 else smtplib.SMTP
        with server(self.host, self.port, timeout=self.timeout) as connection:
            if self.user is not None:
                if self.port != 465:
                    connection.starttls()
                connection.login(self.user, self.password)
            connection.send_message(mail)


def _scalars(logs):
    import numpy as np

    return [(key, float(v)) for key, v in (logs or {}).items() if np.ndim(v) == 0]
