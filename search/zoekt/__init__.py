"""The engine with a server: Zoekt, asked over HTTP, for those who outgrow one machine."""
