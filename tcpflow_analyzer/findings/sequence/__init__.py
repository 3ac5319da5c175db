"""SQ: sequence numbers, acknowledgements, retransmission."""
