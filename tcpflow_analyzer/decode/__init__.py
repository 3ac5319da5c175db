"""From a frame to a TCP segment: link layers, internet layers, tunnels, headers and options."""
