-- Calls to numbers of callers' choice, at our cost, and what they take of the day's minutes and money.
CREATE TABLE toll_calls (
    toll_id    INTEGER PRIMARY KEY,
    call_id    TEXT NOT NULL,
    number     TEXT NOT NULL,                -- E.164 with "+"
    country    TEXT NOT NULL,
    began_at   TEXT NOT NULL,
    minutes    INTEGER NOT NULL,             -- while it is up, and after a crash: the most that it may last
    price      TEXT NOT NULL,                -- of a minute, a decimal number
    ended_at   TEXT                          -- empty: up, or lost in a crash
) STRICT;
CREATE INDEX toll_calls_by_time ON toll_calls (began_at);
