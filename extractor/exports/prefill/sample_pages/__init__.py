"""An invented entry page to try the filler on."""
