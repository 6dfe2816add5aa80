"""Logs that go to files, servers, mail and the terminal."""

import csv
import io
import json
import logging
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import numpy as np
import pytest

import pyclr
from pyclr import callbacks, layers

X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
Y = np.arange(20) % 2


def make():
    pyclr.utils.set_random_seed(3)
    model = pyclr.Sequential([pyclr.Input((3,)), layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["acc"])
    return model


def log(callback, rows, first=0):
    """Gives a callback the logs of epochs, by hand."""
    callback.on_train_begin()
    for epoch, row in enumerate(rows, first):
        callback.on_epoch_end(epoch, row)
    callback.on_train_end()
    return callback


# --- CSV -----------------------------------------------------------------------------------------


def read(path, separator=","):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter=separator))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_columns_are_the_metrics_that_exist(tmp_path, separator):
    """Columns are exactly the metrics that exist, with full precision."""
    path = tmp_path / "new" / "log.csv"
    logger = callbacks.CSVLogger(path, separator=separator)
    history = make().fit(X, Y, epochs=3, verbose=0, callbacks=[logger]).history
    rows = read(path, separator)
    assert list(rows[0]) == ["epoch", "acc", "loss"]
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert [float(row["loss"]) for row in rows] == history["loss"]


def test_epochs_without_validation_are_blank(tmp_path):
    """`validation_freq` > 1 leaves blanks."""
    path = tmp_path / "log.csv"
    history = make().fit(X, Y, epochs=4, verbose=0, validation_data=(X, Y), validation_freq=2,
                         callbacks=[callbacks.CSVLogger(path)])  # fmt: skip
    rows = read(path)
    assert list(rows[0]) == ["epoch", "acc", "loss", "val_acc", "val_loss"]
    assert [row["val_loss"] for row in rows[::2]] == ["", ""]
    assert [float(row["val_loss"]) for row in rows[1::2]] == history.history["val_loss"]
    assert [float(row["loss"]) for row in rows] == history.history["loss"]


def test_append_goes_on_without_a_second_header(tmp_path):
    path = tmp_path / "log.csv"
    log(callbacks.CSVLogger(path), [{"loss": 1.0}, {"loss": 0.5}])
    log(callbacks.CSVLogger(path, append=True), [{"loss": 0.4}], first=2)
    log(callbacks.CSVLogger(path, append=True), [{"loss": 0.3, "acc": 0.9}], first=3)
    assert [[row["epoch"], row["loss"], row["acc"]] for row in read(path)] == [
        ["0", "1.0", ""], ["1", "0.5", ""], ["2", "0.4", ""], ["3", "0.3", "0.9"],
    ]  # fmt: skip
    log(callbacks.CSVLogger(path), [{"loss": 2.0}])
    assert read(path) == [{"epoch": "0", "loss": "2.0"}]


def test_csv_values(tmp_path):
    path = tmp_path / "log.csv"
    row = {"a": np.float32(0.5), "b": np.array([1.0, 2.0]), "c": "text, more", "d": np.array(3)}
    log(callbacks.CSVLogger(path), [row])
    assert read(path) == [
        {"epoch": "0", "a": "0.5", "b": "[1.0, 2.0]", "c": "text, more", "d": "3"}
    ]


def test_a_file_of_something_else_is_not_added_to(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("name,age\nA,3\n")
    with pytest.raises(ValueError, match="first column is not 'epoch'"):
        make().fit(X, Y, verbose=0, callbacks=[callbacks.CSVLogger(path, append=True)])
    assert path.read_text() == "name,age\nA,3\n"


def test_nothing_is_lost_when_the_run_is_refused(tmp_path):
    """A run that does not begin leaves the file of the last one."""
    path = tmp_path / "log.csv"
    path.write_text("epoch,loss\n0,1\n")
    both = [callbacks.CSVLogger(path), callbacks.EarlyStopping("missing", mode="min")]
    with pytest.raises(ValueError, match="missing"):
        make().fit(X, Y, verbose=0, callbacks=both)
    assert path.read_text() == "epoch,loss\n0,1\n"


# --- JSON ----------------------------------------------------------------------------------------


def test_json_lines(tmp_path):
    path = tmp_path / "new" / "log.jsonl"
    history = make().fit(X, Y, epochs=2, verbose=0, callbacks=[callbacks.JSONLogger(path)]).history
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert rows == [
        {"epoch": e, "acc": history["acc"][e], "loss": history["loss"][e]} for e in (0, 1)
    ]
    log(callbacks.JSONLogger(path, append=True), [{"a": np.array([np.nan, 1]), "b": np.inf}], 2)
    assert path.read_text().splitlines()[2] == '{"epoch": 2, "a": [null, 1.0], "b": null}'
    log(callbacks.JSONLogger(path), [{"a": np.float32(0.5)}])
    assert path.read_text() == '{"epoch": 0, "a": 0.5}\n'


# --- Servers -------------------------------------------------------------------------------------


@contextmanager
def server(received):
    """A server that keeps the requests it gets as (path, headers, body)."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.append((self.path, dict(self.headers), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_port}"
        finally:
            http.shutdown()
            thread.join()


def test_remote_monitor():
    received = []
    row = {"loss": np.float32(0.5), "bad": np.nan}
    with server(received) as root:
        log(callbacks.RemoteMonitor(root, headers={"X-Run": "1"}), [row])
        log(callbacks.RemoteMonitor(root, path="/here", send_as_json=True), [row])
    (path, headers, body), (other, _, text) = received
    assert path == "/publish/epoch/end/" and headers["X-Run"] == "1" and other == "/here"
    expected = {"epoch": 0, "loss": 0.5, "bad": None}
    assert json.loads(parse_qs(body)["data"][0]) == expected
    assert json.loads(text) == expected


@pytest.mark.parametrize("root", ["http://127.0.0.1:9", "ftp://a"])
def test_remote_monitor_warns_when_nobody_answers(root):
    with pytest.warns(UserWarning, match="could not reach the server"):
        log(callbacks.RemoteMonitor(root), [{"loss": 0.5}])


def test_notifier_by_webhook():
    received = []
    with server(received) as url:
        tell = callbacks.Notifier(url, name="run 7", every_n_epochs=2)
        try:
            raise OSError("no model yet")
        except OSError:  # no error of the run
            make().fit(X, Y, epochs=3, verbose=0, callbacks=[tell])
        stop = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            make().fit(X, Y, verbose=0, callbacks=[tell, stop])
    texts = [json.loads(body)["text"] for _, _, body in received]
    assert [text.partition(";")[0] for text in texts] == [
        "Training of run 7 is at epoch 2",
        "Training of run 7 has ended",
        "Training of run 7 was broken off by ZeroDivisionError: division by zero",
    ]
    assert "3 epochs" in texts[1] and "acc: " in texts[1] and "loss: " in texts[1]


def test_notifier_by_mail(monkeypatch):
    import smtplib

    calls = []

    class Server:
        def __init__(self, host, port, timeout):
            calls.append(("connect", host, port))

        def __enter__(self):
            return self

        def __exit__(self, *args):
            calls.append("quit")

        def starttls(self):
            calls.append("starttls")

        def login(self, user, password):
            calls.append(("login", user, password))

        def send_message(self, mail):
            calls.append((mail["To"], mail["From"], mail["Subject"], mail.get_content()))

    monkeypatch.setattr(smtplib, "SMTP", Server)
    monkeypatch.setattr(smtplib, "SMTP_SSL", Server)
    mail = dict(email="me@example.com", name="a", host="mail.example.com")
    make().fit(X, Y, verbose=0, callbacks=[callbacks.Notifier(**mail)])
    *_, (to, sender, subject, content), _ = calls
    assert (to, sender, subject) == ("me@example.com",) * 2 + ("Training of a has ended",)
    assert "1 epochs" in content and calls[0] == ("connect", "mail.example.com", 25)
    calls.clear()
    tell = callbacks.Notifier(**mail, port=587, user="u", password="p", sender="bot@example.com")
    make().fit(X, Y, verbose=0, callbacks=[tell])
    assert calls[1:3] == ["starttls", ("login", "u", "p")]
    assert calls[3][1] == "bot@example.com"


def test_notifier_never_ends_a_run():
    with pytest.warns(UserWarning, match="could not send"):
        make().fit(X, Y, verbose=0, callbacks=[callbacks.Notifier("http://127.0.0.1:9")])
    with pytest.raises(ValueError, match="`url` or an `email`"):
        callbacks.Notifier()


# --- The progress bar ----------------------------------------------------------------------------


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.mark.parametrize("verbose", [1, 2])
def test_one_ascii_line_an_epoch_when_output_is_no_terminal(monkeypatch, verbose):
    """One ASCII line per epoch when stdout is not a TTY."""
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    make().fit(X, Y, epochs=3, batch_size=2, verbose=verbose, validation_data=(X, Y))
    lines = out.getvalue().splitlines()
    assert len(lines) == 3 and out.getvalue().isascii() and "\r" not in out.getvalue()
    for epoch, line in enumerate(lines, 1):
        assert line.startswith(f"Epoch {epoch}/3 - 10/10 ")
        assert " - loss: " in line and " - val_acc: " in line


def test_a_terminal_is_redrawn_at_most_ten_times_a_second(monkeypatch):
    """At most ~10 updates/s on a TTY; each epoch ends its line."""
    import time

    monkeypatch.setenv("TERM", "xterm")
    out, clock = Terminal(), [0.0]
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    bar = callbacks.ProgbarLogger()
    bar.set_params({"verbose": 1, "epochs": 2, "steps": 1000})
    bar.on_epoch_begin(0)
    for batch in range(1000):
        clock[0] += 0.001  # a second in all
        bar.on_train_batch_end(batch, {"loss": 1.0})
    bar.on_epoch_end(0, {"loss": 1.0})
    text = out.getvalue()
    assert text.startswith("Epoch 1/2\n") and text.count("\n") == 2
    assert 8 <= text.count("\r") <= 12


def test_logging_gets_the_lines(caplog, capsys):
    """An option to send lines to `logging`."""
    bar = callbacks.ProgbarLogger(logging.getLogger("run"))
    with caplog.at_level(logging.INFO, "run"):
        make().fit(X, Y, epochs=2, callbacks=[bar])
    assert [record.message.partition(" - ")[0] for record in caplog.records] == [
        "Epoch 1/2", "Epoch 2/2",
    ]  # fmt: skip
    assert capsys.readouterr().out == ""


def test_import_and_training_print_nothing_to_stderr(capfd):
    make().fit(X, Y, epochs=2, validation_data=(X, Y), callbacks=[callbacks.EarlyStopping()])
    assert capfd.readouterr().err == ""


def test_an_epoch_that_is_broken_off_ends_its_line(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    monkeypatch.setattr(sys, "stdout", out)

    class Interrupt(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make().fit(X, Y, batch_size=5, callbacks=[Interrupt()])
    assert out.getvalue().endswith("\n")
