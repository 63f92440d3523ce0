"""AMI, AGI and ESL as bytes <-> typed messages. No sockets, no clocks."""
