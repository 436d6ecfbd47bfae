"""How archive files are opened, cut into entries and recognised; what they hold is in formats/."""
