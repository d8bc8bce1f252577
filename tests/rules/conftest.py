from hypothesis import settings

# Slow machines are no failures of the code under test.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")
