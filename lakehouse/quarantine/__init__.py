"""Refused rows: look at them, judge them again, discard them, accept them. No rule is defined here."""
