-- The trunk that carries the call, or is tried first; NULL: there is none.
ALTER TABLE toll_calls ADD COLUMN trunk TEXT;
