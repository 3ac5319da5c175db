"""Why a connection was reset, and by whom."""
