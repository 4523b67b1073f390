"""The bookkeeping itself, pure: from an order to a booking, and what is not as it was booked."""
