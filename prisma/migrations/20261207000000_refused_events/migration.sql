-- How many events a second each process sends away because too many wait, for the organization's health and its history.
ALTER TABLE live_processes ADD COLUMN refused_per_second double precision NOT NULL DEFAULT 0;
