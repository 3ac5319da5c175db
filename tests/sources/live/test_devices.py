"""Devices that are down for a while are told once, with how long."""

import sys

import pytest

from support.network import Network
from tcpflow_analyzer.sources.live import devices
from tcpflow_analyzer.sources.live.devices import DeviceWatch, hardware_type, is_up

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="for Linux")


def test_devices_have_a_type_and_are_up_or_not(hosts: Network) -> None:
    hosts.a.run("ip", "link", "set", "eth0", "down")
    with hosts.a.inside():
        assert (hardware_type("eth0"), is_up("eth0"), is_up("lo")) == (1, False, True)
        assert (hardware_type("eth9"), is_up("eth9"), is_up("any")) == (-1, False, True)


class World:
    """A clock, and devices that are down."""

    def __init__(self) -> None:
        """All are up, at 0."""
        self.now = 0.0
        self.down: set[str] = set()

    def monotonic(self) -> float:
        """Seconds."""
        return self.now


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """The world that a watch sees."""
    made = World()
    monkeypatch.setattr(devices, "time", made)
    monkeypatch.setattr(devices, "is_up", lambda name: name not in made.down)
    return made


def seen(watch: DeviceWatch, world: World, until: float) -> list[str]:
    """What is told on the way to a moment."""
    notes = []
    while world.now < until:
        world.now += 0.25
        watch.look()
        notes += watch.take_notes()
    return notes


def test_device_that_comes_back_is_told_with_its_time(world: World) -> None:
    watch = DeviceWatch(["eth0", "eth1", "any"])
    assert seen(watch, world, 2) == []
    world.down = {"eth1"}
    assert seen(watch, world, 5) == []
    world.down = set()
    (note,) = seen(watch, world, 8)
    assert note in ("eth1 was down or gone for 3.0 s", "eth1 was down or gone for 3.5 s")
    assert watch.take_notes(is_last=True) == []


def test_device_that_is_still_down_is_told_in_the_end(world: World) -> None:
    watch = DeviceWatch(["eth0"])
    world.down = {"eth0"}
    assert seen(watch, world, 4) == []
    (note,) = watch.take_notes(is_last=True)
    assert note.startswith("eth0 was down or gone for the last ")
    assert watch.take_notes(is_last=True) == []


def test_engine_that_ended_tells_it_instead(world: World) -> None:
    watch = DeviceWatch(["eth0"])
    world.down = {"eth0"}
    assert seen(watch, world, 1) == []
    watch.forget()
    world.down = set()
    assert seen(watch, world, 3) == []
