"""What the members of the JSON mean; they become descriptions in docs/schema/analyze.schema.json.

Members whose name says it all have none. Source: the program's own fields, which these names are.
"""

from collections.abc import Mapping
from typing import Any, Final

# Part of the schema -> member, dots within -> meaning.
MEANINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "analysis": {
        "schema_version": "Changes when a member is removed or means something else.",
        "connections": "In the order of their ids.",
        "findings": "In the order of time, code, connection, end and first frame.",
    },
    "separate": {"captures": "One for each input, in the order of the command line."},
    "tool": {"compiled": "Whether the fast modules run compiled; results are the same."},
    "capture": {
        "files": "In the order of time.",
        "files[].path": "As given; - for standard input.",
        "files[].format": "What the octets are, whatever the name says.",
        "files[].link_types": "As libpcap names them.",
        "files[].first_frame": "Number of its first frame in the whole input; 0 if it has none.",
        "files[].truncated": "It ends in the middle of a record.",
        "files[].error": "What is wrong with it and where; read up to there.",
        "other_frames": "Frames that hold no TCP.",
        "fragments": "Fragments of datagrams but the last that came, which brings the segment.",
        "duplicate_frames": "Copies that the capture made of frames (CP006).",
        "undecoded": "Frames that could not be read, by reason.",
    },
    "summary": {
        "by_state": "Connections by the states of both ends, ORIGINATOR/RESPONDER.",
        "findings": "By severity.",
        "codes": "Findings by code; all, also those that a limit kept out of the list.",
        "left_out": "What a limit left out, or the capture lost, by kind.",
    },
    "connection": {
        "id": "Counts from 1 in the order of first frames.",
        "incarnation": "1 for the first connection on this socket pair, 2 for its next.",
        "scope": "What tells it apart besides addresses and ports, where there is such.",
        "originator": "Sender of the first SYN; where none was seen, a guess.",
        "responder": "The other end.",
        "midstream": "It was running when the capture began.",
        "handshake": "How it opened.",
        "handshake.syn_to_synack_ns": "From the SYN that was answered to its answer.",
        "handshake.synack_to_ack_ns": "From the SYN-ACK to the third segment.",
        "close": "How it closed.",
        "close.active_closer": "Who sent the first FIN or RST, before it had the other's.",
        "close.time_wait_holder": "Who was left in TIME-WAIT.",
        "close.time_wait_until_ns": "When TIME-WAIT is over, by the holder's profile.",
        "completeness": "Wireshark's tcp.completeness: 1 SYN, 2 SYN-ACK, 4 ACK, 8 data, 16 FIN, "
        "32 RST.",
        "zeek": "What Zeek's conn.log says.",
        "analysis": "Segments by Wireshark's tcp.analysis classes.",
        "transitions": "Changes of the believed states of both ends, in the order of time.",
        "findings": "Ids of the findings about it.",
    },
    "endpoint": {
        "role": "By the SYN, or guessed.",
        "certainty": "Of the state.",
        "proven_state": "Forced by what it sent, and by receipts that are proven.",
        "possible_states": "All that fit; more than one where the certainty is not observed.",
        "state_at_capture_end": "With the timers that have run by the last frame.",
        "iss": "Its initial sequence number; null where it is not known.",
        "segments": "That it sent and were captured, copies included.",
        "payload_octets": "In all of them, copies and retransmissions included.",
        "unique_octets": "Without repeats.",
        "retransmitted_segments": "Segments that repeat octets.",
    },
    "transition": {
        "frame": "That caused it; null for a timer.",
        "endpoint": "Whose state changed.",
        "event": "What this end sent or received.",
        "certainty": "As known at that frame.",
        "proved_by_frame": "The later frame that proved it; null if none did, or none was needed.",
        "correction": "It takes an earlier one back: what was believed turned out otherwise.",
    },
    "finding": {
        "id": "Connection (0 for none), code, end, first frame.",
        "connection": "Id; null for a finding about a host, a service or the capture.",
        "endpoint": "Whom it is about.",
        "time_ns": "When it could be told.",
        "frames": "That prove it; the first ones where there are many.",
        "frame_count": "How many frames there are in all.",
        "message": "What happened, to whom, in which frames.",
        "why": "Why this follows.",
        "would_disprove": "What would show that it is wrong.",
        "values": "The numbers and names in the message, and those that led to it.",
    },
}


def describe(definitions: Mapping[str, Any]) -> None:
    """Put the meanings into the parts of a schema."""
    for part, members in MEANINGS.items():
        for path, meaning in members.items():
            schema = definitions[part]
            *outer, last = path.replace("[]", ".[]").split(".")
            for step in outer:
                schema = schema["items"] if step == "[]" else schema["properties"][step]
            # A new object: the same one may stand in several places.
            schema["properties"][last] = schema["properties"][last] | {"description": meaning}
