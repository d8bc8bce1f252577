"""What offices take over: import workbooks, PDF packages, lists of what is held back, and the supervisor's report."""
