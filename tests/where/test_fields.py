"""The fields give what the record holds."""

from support.checked import analyzed_capture
from support.small_captures import closed
from tcpflow_analyzer.where.fields import FIELDS, TEXT, Subject


def test_fields_without_connection_have_no_values() -> None:
    for field in FIELDS.values():
        assert list(field.values(Subject(None, ()))) == []


def test_fields_give_what_the_record_holds() -> None:
    analysis = analyzed_capture(closed())
    connection = analysis.connections[0]
    subject = Subject(connection, analysis.findings)

    def values(name: str) -> list[object]:
        return list(FIELDS[name].values(subject))

    assert values("port") == [40000, 80]
    assert values("responder.port") == [80]
    assert values("originator.state") == ["TIME-WAIT"]
    assert values("duration") == [8_000_000]
    assert values("handshake.duration") == [2_000_000]
    assert values("tunnel") == []
    assert values("analysis.zero_window") == [0]
    assert "LC001" in values("finding.code")


def test_fields_with_choices_take_no_other_values() -> None:
    analysis = analyzed_capture(closed())
    for connection in analysis.connections:
        subject = Subject(connection, analysis.findings)
        for field in FIELDS.values():
            if field.choices:
                assert field.kind == TEXT
                assert set(field.values(subject)) <= set(field.choices), field.name
