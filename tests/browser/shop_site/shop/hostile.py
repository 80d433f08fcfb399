"""
Names that try to get out of the page, or to mislead who reads it.
"""

from django.dispatch import Signal

SCRIPT = "<script>alert(1)</script>"
IMAGE = "\"'><img src=x onerror=alert(2)>"
RIGHT_TO_LEFT = "abc\u202edcba"
LONG = "long" * 2_500

signals = {
    name: Signal() for name in [SCRIPT, IMAGE, RIGHT_TO_LEFT, LONG, "{{ nonce }}"]
}
# As attributes of a module, these are the names of the signals.
globals().update(signals)

_SOURCE = """
def receiver(sender, **kwargs):
    raise ValueError(kwargs["text"])
"""
receivers = []
senders = {}


def _receiver(name):
    # A path without "<" at its beginning, or it would not be taken for a file.
    namespace = {"__name__": f"shop.{name}"}
    exec(compile(_SOURCE, f"/tmp/{name[:100]}.py", "exec"), namespace)
    receiver = namespace["receiver"]
    receiver.__name__ = receiver.__qualname__ = name
    return receiver


def connect():
    for name, signal in signals.items():
        receiver = _receiver(name)
        receivers.append(receiver)
        senders[name] = type(name, (), {"__module__": f"shop.{name}"})
        signal.connect(receiver, sender=senders[name], dispatch_uid=name)
        signal.connect(receiver, dispatch_uid=f"{name} of any sender")


def send():
    for name, signal in signals.items():
        signal.send_robust(senders[name], text=name, **{name: name})
