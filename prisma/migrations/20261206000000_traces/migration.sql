-- The trace that an alert came of goes on where it is sent, perhaps by another process: the transaction that makes it says
-- so where anybody keeps traces (set_config('vigil.trace', …, true)), whichever statement it is.
ALTER TABLE security_alerts ADD COLUMN trace text DEFAULT nullif(current_setting('vigil.trace', true), '');
