"""Joins the parts of single streams into files that a person can play.

listing   what playlists and names tell: pieces, each with its own time
plan      whose pieces go into which file, at which time of it; pure
names     how merged files are called
timing    from the time stamps of media to the time of the merged file
reading   packets of pieces, one piece in memory at a time
pictures  the video of a merged file, copied or encoded anew
sound     its audio, likewise
writing   both together as MP4
merger    storage to storage: plan, make, publish
"""
