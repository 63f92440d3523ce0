"""FreeSWITCH as a switch: its outbound socket, served by greenswitch on a thread of its own."""
