"""RemoteMonitor: sends the logs of every epoch to a server."""

from __future__ import annotations

import json

from .._warn import warn
from ._values import json_value
from .callback import Callback


class RemoteMonitor(Callback):
    """Sends the logs of every epoch to a server, by HTTP POST.

    A server that does not answer gives a warning; training goes on.

    Args:
        root: String, the address of the server.
        path: String, what follows it. Defaults to `"/publish/epoch/end/"`.
        field: String, the field of the form that holds the JSON text of the logs and `epoch`.
        headers: Dictionary of HTTP headers, or `None`.
        send_as_json: Boolean, whether the JSON text itself is sent, and no form.
        timeout: Number, seconds to wait for the server. Defaults to 10.
    """

    def __init__(
        self,
        root="http://localhost:9000",
        path="/publish/epoch/end/",
        field="data",
        headers=None,
        send_as_json=False,
        *,
        timeout=10,
    ):
        super().__init__()
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json
        self.timeout = timeout

    def on_epoch_end(self, epoch, logs=None):
        row = {"epoch": epoch, **{name: json_value(v) for name, v in (logs or {}).items()}}
        try:
            if self.send_as_json:
                post(self.root + self.path, row, self.headers, self.timeout)
            else:
                form = {self.field: json.dumps(row)}
                post(self.root + self.path, form, self.headers, self.timeout, as_form=True)
        except (OSError, ValueError) as error:
            warn(f"RemoteMonitor could not reach the server at {self.root}: {error}")


def post(url, content, headers=None, timeout=10, as_form=False):
    """Sends a dictionary by HTTP POST, as JSON or as a form.

    Raises:
        OSError, ValueError: if that fails.
    """
    from urllib.parse import urlencode
    from urllib.request import Request, urlopen

    if not url.startswith(("http://", "https://")):
        raise ValueError(f"An address must begin with http:// or https://. Received: {url!r}")
    kind = "application/x-www-form-urlencoded" if as_form else "application/json"
    data = urlencode(content) if as_form else json.dumps(content)
    request = Request(url, data.encode(), {"Content-Type": kind, **(headers or {})}, method="POST")
    with urlopen(request, timeout=timeout) as answer:
        answer.read()
