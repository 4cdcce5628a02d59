"""What a stood-in recorder writes: real H.264, AAC and HLS of synthetic participants.

Nothing here reads a clock or knows a vendor; times, pictures and names are arguments.

participants  who is in the room, and the colour and pitch by which each is recognised
picture       one frame of the layout in force
clap          a flash and a beep, by which picture and sound are set against each other
slices        MPEG-TS slices, MP4 files and snapshots
playlist      the M3U8 text that names the slices
"""
