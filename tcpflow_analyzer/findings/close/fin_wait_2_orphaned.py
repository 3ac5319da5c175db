"""CL006: waiting for a FIN that does not come."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import both, judge, peer_of
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.findings.reset.traits import STATELESS_ANSWER
from tcpflow_analyzer.settings import PROFILE_LINUX, PROFILES
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import (
    FIN_WAIT_2_HELD,
    FORM_STATELESS,
    RESET,
    Reset,
)

# What most systems do; used only where a RST proves that the endpoint's state was gone.
USUAL_TIMEOUT_NS: Final = PROFILES[PROFILE_LINUX].fin_timeout_ns or 0


@finding(
    "CL006",
    severity="warning",
    severities=("warning", "error"),
    since="0.1.0",
    wakes=FIN_WAIT_2_HELD | RESET,
    resets=STATELESS_ANSWER,
)
def fin_wait_2_orphaned(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The active closer waits in FIN-WAIT-2 for a FIN that does not come; its kernel drops it.

    Set when all of the following hold:
      - an endpoint's FIN was acknowledged;
      - its peer sent neither FIN nor RST for fin_timeout of the endpoint's profile (seconds, Linux
        60, none in RFC 9293);
      - the capture went on for that long.
    An error, and observed, where a later segment of the peer was answered with RST: the state was
    gone.

    Supersedes: nothing; CL005 tells of the other end's CLOSE-WAIT, the RST has its own cause
        (CL008 or RS006).
    Why it matters: what the peer sends later is lost, and it sees "connection reset".
    What to do: find out why the peer does not close (CL005). Where the half-close is meant, close
        by shutdown() and keep the socket: only orphans time out.
    Not proof of: a dropped state, unless a RST shows it: the tap cannot see whether the application
        called close() or shutdown().
    Other tools: Zeek S2 or S3; conntrack CLOSE_WAIT; Wireshark, Suricata, tcptrace have no name for
        it.
    References: RFC 9293 section 3.6.1; Linux net.ipv4.tcp_fin_timeout.
    Seen in: fixtures/findings/CL006-fin-wait-2-orphaned
    """
    for holder in both(connection):
        held = _held(connection, holder, capture)
        if held is None:
            continue
        until_ns, reset = held
        since_ns = holder.fin_acked_time_ns
        profile = capture.profile(holder)
        timeout_ns = profile.fin_timeout_ns
        if timeout_ns is None:
            if reset is None:
                continue
            timeout_ns = USUAL_TIMEOUT_NS
        if until_ns - since_ns < timeout_ns:
            continue
        peer = peer_of(connection, holder)
        values = {
            "holder": endpoint_name(connection, holder),
            "peer": endpoint_name(connection, peer),
            "fin_frame": holder.fin_frame,
            "ack_frame": holder.fin_acked_frame,
            "held": seconds(until_ns - since_ns),
            "timeout": seconds(timeout_ns),
            "profile": profile.name,
            "profile_source": capture.profile_source(connection, holder),
        }
        template = (
            "{holder} has been in FIN-WAIT-2 for {held:.6f} s (FIN in frame {fin_frame}, "
            "acknowledged in {ack_frame}); profile {profile} ({profile_source}) drops an orphan "
            "after {timeout:.0f} s"
        )
        if reset is not None:
            values |= {
                "late_frame": reset.trigger_frame,
                "reset_frame": reset.frame,
                "late": seconds(reset.time_ns - since_ns - timeout_ns),
            }
            template += (
                "; frame {late_frame} of {peer} came {late:.6f} s after that and drew RST (frame "
                "{reset_frame})"
            )
        yield judge(
            "CL006",
            connection,
            about=holder,
            severity="warning" if reset is None else "error",
            certainty="assumed" if reset is None else "observed",
            time_ns=until_ns if reset is None else reset.time_ns,
            frames=(
                holder.fin_frame,
                holder.fin_acked_frame,
                *(() if reset is None else (reset.trigger_frame, reset.frame)),
            ),
            template=template,
            values=values,
            why="its FIN was acknowledged, and neither FIN nor RST of the peer followed in time",
            would_disprove="a socket that only shut its sending side down and still waits",
        )


def _held(
    connection: Connection, holder: Endpoint, capture: CaptureView
) -> tuple[int, Reset | None] | None:
    """Until when an endpoint was in FIN-WAIT-2, and its RST that shows that it had left it."""
    if holder.fin_acked_frame == 0:
        return None
    for reset in connection.resets or ():
        if (
            reset.of_originator == holder.is_originator
            and reset.trigger_frame > holder.fin_acked_frame
            and reset.form == FORM_STATELESS
            and not reset.receiver_fin_acked
        ):
            return reset.time_ns, reset
    if connection.tally(FIN_WAIT_2_HELD, holder.is_originator) is None:
        return None
    return capture.last_time_ns, None
