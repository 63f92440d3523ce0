-- What keeps the roll-ups: each row of calls and attempts is added when it is written, and moved when it changes.

CREATE TRIGGER totals_of_a_new_call AFTER INSERT ON calls BEGIN
    INSERT INTO call_totals (
        quarter, direction, switch, queue, campaign_id, flow, calls, lost, offered, answered, abandoned, waited_s,
        talk_s, wrap_up_s, answered_in_5, answered_in_10, answered_in_15, answered_in_20, answered_in_30,
        answered_in_45, answered_in_60, answered_in_90, answered_in_120, answered_in_180, answered_in_300,
        abandoned_in_5, abandoned_in_10, abandoned_in_15, abandoned_in_20, abandoned_in_30, abandoned_in_45,
        abandoned_in_60, abandoned_in_90, abandoned_in_120, abandoned_in_180, abandoned_in_300, handled,
        handled_talk_s, handled_wrap_up_s, transferred, persons, persons_again, dispositions, dispositions_missing,
        sales, machines_by_agents, entered, contained, goals, dropped, detection_asked, machines_detected,
        dialled_handled, dialled_abandoned, taken_for_people, machines_missed, taken_for_machines, people_taken
    )
    SELECT
        coalesce(CAST(strftime('%s', c.started_at) AS INTEGER) / 900, 0), c.direction, c.switch,
        coalesce(c.queue, ''), coalesce(c.campaign_id, ''), coalesce(c.flow, ''), 1,
        (coalesce(c.outcome IN ('lost', 'pbx_lost'), 0)),
        (coalesce((c.direction = 'inbound' AND c.wait_s IS NOT NULL), 0)),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL), 0)),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned), 0)),
        (CASE WHEN ((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) THEN coalesce(c.wait_s, 0.0) ELSE 0.0 END),
        (CASE WHEN ((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) THEN coalesce(c.talk_s, 0.0) ELSE 0.0 END),
        (CASE WHEN ((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) THEN coalesce(c.wrap_up_s, 0.0) ELSE 0.0 END),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) AND c.wait_s <= 5, 0)),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) AND c.wait_s <= 10, 0)),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) AND c.wait_s <= 15, 0)),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) AND c.wait_s <= 20, 0)),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) AND c.wait_s <= 30, 0)),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) AND c.wait_s <= 45, 0)),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) AND c.wait_s <= 60, 0)),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) AND c.wait_s <= 90, 0)),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) AND c.wait_s <= 120, 0)),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) AND c.wait_s <= 180, 0)),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) AND c.wait_s <= 300, 0)),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned) AND c.wait_s < 5, 0)),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned) AND c.wait_s < 10, 0)),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned) AND c.wait_s < 15, 0)),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned) AND c.wait_s < 20, 0)),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned) AND c.wait_s < 30, 0)),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned) AND c.wait_s < 45, 0)),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned) AND c.wait_s < 60, 0)),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned) AND c.wait_s < 90, 0)),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned) AND c.wait_s < 120, 0)),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned) AND c.wait_s < 180, 0)),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned) AND c.wait_s < 300, 0)),
        (coalesce((c.agent_id IS NOT NULL), 0)),
        (CASE WHEN (c.agent_id IS NOT NULL) THEN coalesce(c.talk_s, 0.0) ELSE 0.0 END),
        (CASE WHEN (c.agent_id IS NOT NULL) THEN coalesce(c.wrap_up_s, 0.0) ELSE 0.0 END),
        (coalesce((c.agent_id IS NOT NULL) AND c.transferred, 0)),
        (coalesce((c.agent_id IS NOT NULL) AND (CASE c.direction WHEN 'inbound' THEN c.caller ELSE c.called END <> ''), 0)),
        (coalesce((c.agent_id IS NOT NULL) AND (CASE c.direction WHEN 'inbound' THEN c.caller ELSE c.called END <> '') AND c.again_s <= 604800, 0)),
        (coalesce((c.agent_id IS NOT NULL) AND c.disposition IS NOT NULL, 0)),
        (coalesce((c.agent_id IS NOT NULL) AND c.disposition = 'none', 0)),
        (coalesce((c.agent_id IS NOT NULL) AND c.sale_value IS NOT NULL, 0)),
        (coalesce((c.agent_id IS NOT NULL) AND (c.direction = 'outbound') AND coalesce(c.disposition_machine, 0), 0)),
        (coalesce((c.contained IS NOT NULL AND c.outcome <> 'cancelled'), 0)),
        (coalesce((c.contained IS NOT NULL AND c.outcome <> 'cancelled') AND c.contained, 0)),
        (coalesce((c.contained IS NOT NULL AND c.outcome <> 'cancelled') AND c.contained AND c.flow_outcome = 'completed' AND NOT ((CASE c.direction WHEN 'inbound' THEN c.caller ELSE c.called END <> '') AND coalesce(c.again_s, 86400) < 86400), 0)),
        (coalesce((c.contained IS NOT NULL AND c.outcome <> 'cancelled') AND c.flow_outcome IN ('hung_up', 'abandoned'), 0)),
        (coalesce((c.direction = 'outbound') AND c.detected IS NOT NULL, 0)),
        (coalesce((c.direction = 'outbound') AND c.detected = 'machine', 0)),
        (coalesce((c.direction = 'outbound') AND (c.agent_id IS NOT NULL), 0)),
        (coalesce((c.direction = 'outbound') AND c.abandoned, 0)),
        (coalesce((c.direction = 'outbound') AND (c.agent_id IS NOT NULL) AND c.detected IN ('human', 'unsure'), 0)),
        (coalesce((c.direction = 'outbound') AND (c.agent_id IS NOT NULL) AND coalesce(c.disposition_machine, 0) AND c.detected IN ('human', 'unsure'), 0)),
        (coalesce((c.direction = 'outbound') AND (c.agent_id IS NOT NULL) AND c.detected = 'machine', 0)),
        (coalesce((c.direction = 'outbound') AND (c.agent_id IS NOT NULL) AND NOT coalesce(c.disposition_machine, 0) AND c.detected = 'machine', 0))
    FROM (SELECT NEW.direction AS direction, NEW.switch AS switch, NEW.queue AS queue, NEW.campaign_id AS campaign_id, NEW.flow AS flow, NEW.agent_id AS agent_id, NEW.started_at AS started_at, NEW.wait_s AS wait_s, NEW.talk_s AS talk_s, NEW.wrap_up_s AS wrap_up_s, NEW.outcome AS outcome, NEW.cause AS cause, NEW.abandoned AS abandoned, NEW.connect_s AS connect_s, NEW.detected AS detected, NEW.caller AS caller, NEW.called AS called, NEW.disposition AS disposition, NEW.disposition_machine AS disposition_machine, NEW.wrong_number AS wrong_number, NEW.sale_value AS sale_value, NEW.contained AS contained, NEW.flow_outcome AS flow_outcome, NEW.transferred AS transferred, NEW.again_s AS again_s) AS c
    WHERE 1
    ON CONFLICT (quarter, direction, switch, queue, campaign_id, flow) DO UPDATE SET
        calls = calls + excluded.calls, lost = lost + excluded.lost, offered = offered + excluded.offered,
        answered = answered + excluded.answered, abandoned = abandoned + excluded.abandoned,
        waited_s = waited_s + excluded.waited_s, talk_s = talk_s + excluded.talk_s,
        wrap_up_s = wrap_up_s + excluded.wrap_up_s, answered_in_5 = answered_in_5 + excluded.answered_in_5,
        answered_in_10 = answered_in_10 + excluded.answered_in_10,
        answered_in_15 = answered_in_15 + excluded.answered_in_15,
        answered_in_20 = answered_in_20 + excluded.answered_in_20,
        answered_in_30 = answered_in_30 + excluded.answered_in_30,
        answered_in_45 = answered_in_45 + excluded.answered_in_45,
        answered_in_60 = answered_in_60 + excluded.answered_in_60,
        answered_in_90 = answered_in_90 + excluded.answered_in_90,
        answered_in_120 = answered_in_120 + excluded.answered_in_120,
        answered_in_180 = answered_in_180 + excluded.answered_in_180,
        answered_in_300 = answered_in_300 + excluded.answered_in_300,
        abandoned_in_5 = abandoned_in_5 + excluded.abandoned_in_5,
        abandoned_in_10 = abandoned_in_10 + excluded.abandoned_in_10,
        abandoned_in_15 = abandoned_in_15 + excluded.abandoned_in_15,
        abandoned_in_20 = abandoned_in_20 + excluded.abandoned_in_20,
        abandoned_in_30 = abandoned_in_30 + excluded.abandoned_in_30,
        abandoned_in_45 = abandoned_in_45 + excluded.abandoned_in_45,
        abandoned_in_60 = abandoned_in_60 + excluded.abandoned_in_60,
        abandoned_in_90 = abandoned_in_90 + excluded.abandoned_in_90,
        abandoned_in_120 = abandoned_in_120 + excluded.abandoned_in_120,
        abandoned_in_180 = abandoned_in_180 + excluded.abandoned_in_180,
        abandoned_in_300 = abandoned_in_300 + excluded.abandoned_in_300, handled = handled + excluded.handled,
        handled_talk_s = handled_talk_s + excluded.handled_talk_s,
        handled_wrap_up_s = handled_wrap_up_s + excluded.handled_wrap_up_s,
        transferred = transferred + excluded.transferred, persons = persons + excluded.persons,
        persons_again = persons_again + excluded.persons_again, dispositions = dispositions + excluded.dispositions,
        dispositions_missing = dispositions_missing + excluded.dispositions_missing, sales = sales + excluded.sales,
        machines_by_agents = machines_by_agents + excluded.machines_by_agents, entered = entered + excluded.entered,
        contained = contained + excluded.contained, goals = goals + excluded.goals,
        dropped = dropped + excluded.dropped, detection_asked = detection_asked + excluded.detection_asked,
        machines_detected = machines_detected + excluded.machines_detected,
        dialled_handled = dialled_handled + excluded.dialled_handled,
        dialled_abandoned = dialled_abandoned + excluded.dialled_abandoned,
        taken_for_people = taken_for_people + excluded.taken_for_people,
        machines_missed = machines_missed + excluded.machines_missed,
        taken_for_machines = taken_for_machines + excluded.taken_for_machines,
        people_taken = people_taken + excluded.people_taken;
    INSERT INTO agent_totals (
        quarter, agent_id, direction, queue, campaign_id, answered, waited_s, talk_s, wrap_up_s, handled,
        handled_talk_s, handled_wrap_up_s, transferred, persons, persons_again, dispositions, dispositions_missing,
        sales, machines_by_agents
    )
    SELECT
        coalesce(CAST(strftime('%s', c.started_at) AS INTEGER) / 900, 0), c.agent_id, c.direction,
        coalesce(c.queue, ''), coalesce(c.campaign_id, ''),
        (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL), 0)),
        (CASE WHEN ((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) THEN coalesce(c.wait_s, 0.0) ELSE 0.0 END),
        (CASE WHEN ((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) THEN coalesce(c.talk_s, 0.0) ELSE 0.0 END),
        (CASE WHEN ((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) THEN coalesce(c.wrap_up_s, 0.0) ELSE 0.0 END),
        (coalesce((c.agent_id IS NOT NULL), 0)),
        (CASE WHEN (c.agent_id IS NOT NULL) THEN coalesce(c.talk_s, 0.0) ELSE 0.0 END),
        (CASE WHEN (c.agent_id IS NOT NULL) THEN coalesce(c.wrap_up_s, 0.0) ELSE 0.0 END),
        (coalesce((c.agent_id IS NOT NULL) AND c.transferred, 0)),
        (coalesce((c.agent_id IS NOT NULL) AND (CASE c.direction WHEN 'inbound' THEN c.caller ELSE c.called END <> ''), 0)),
        (coalesce((c.agent_id IS NOT NULL) AND (CASE c.direction WHEN 'inbound' THEN c.caller ELSE c.called END <> '') AND c.again_s <= 604800, 0)),
        (coalesce((c.agent_id IS NOT NULL) AND c.disposition IS NOT NULL, 0)),
        (coalesce((c.agent_id IS NOT NULL) AND c.disposition = 'none', 0)),
        (coalesce((c.agent_id IS NOT NULL) AND c.sale_value IS NOT NULL, 0)),
        (coalesce((c.agent_id IS NOT NULL) AND (c.direction = 'outbound') AND coalesce(c.disposition_machine, 0), 0))
    FROM (SELECT NEW.direction AS direction, NEW.switch AS switch, NEW.queue AS queue, NEW.campaign_id AS campaign_id, NEW.flow AS flow, NEW.agent_id AS agent_id, NEW.started_at AS started_at, NEW.wait_s AS wait_s, NEW.talk_s AS talk_s, NEW.wrap_up_s AS wrap_up_s, NEW.outcome AS outcome, NEW.cause AS cause, NEW.abandoned AS abandoned, NEW.connect_s AS connect_s, NEW.detected AS detected, NEW.caller AS caller, NEW.called AS called, NEW.disposition AS disposition, NEW.disposition_machine AS disposition_machine, NEW.wrong_number AS wrong_number, NEW.sale_value AS sale_value, NEW.contained AS contained, NEW.flow_outcome AS flow_outcome, NEW.transferred AS transferred, NEW.again_s AS again_s) AS c
    WHERE (c.agent_id IS NOT NULL)
    ON CONFLICT (quarter, agent_id, direction, queue, campaign_id) DO UPDATE SET
        answered = answered + excluded.answered, waited_s = waited_s + excluded.waited_s,
        talk_s = talk_s + excluded.talk_s, wrap_up_s = wrap_up_s + excluded.wrap_up_s,
        handled = handled + excluded.handled, handled_talk_s = handled_talk_s + excluded.handled_talk_s,
        handled_wrap_up_s = handled_wrap_up_s + excluded.handled_wrap_up_s,
        transferred = transferred + excluded.transferred, persons = persons + excluded.persons,
        persons_again = persons_again + excluded.persons_again, dispositions = dispositions + excluded.dispositions,
        dispositions_missing = dispositions_missing + excluded.dispositions_missing, sales = sales + excluded.sales,
        machines_by_agents = machines_by_agents + excluded.machines_by_agents;
    INSERT INTO ending_totals (
        quarter, direction, queue, campaign_id, flow, outcome, cause, disposition, calls
    )
    SELECT
        coalesce(CAST(strftime('%s', c.started_at) AS INTEGER) / 900, 0), c.direction, coalesce(c.queue, ''),
        coalesce(c.campaign_id, ''), coalesce(c.flow, ''), c.outcome, coalesce(c.cause, 0),
        coalesce(c.disposition, ''), 1
    FROM (SELECT NEW.direction AS direction, NEW.switch AS switch, NEW.queue AS queue, NEW.campaign_id AS campaign_id, NEW.flow AS flow, NEW.agent_id AS agent_id, NEW.started_at AS started_at, NEW.wait_s AS wait_s, NEW.talk_s AS talk_s, NEW.wrap_up_s AS wrap_up_s, NEW.outcome AS outcome, NEW.cause AS cause, NEW.abandoned AS abandoned, NEW.connect_s AS connect_s, NEW.detected AS detected, NEW.caller AS caller, NEW.called AS called, NEW.disposition AS disposition, NEW.disposition_machine AS disposition_machine, NEW.wrong_number AS wrong_number, NEW.sale_value AS sale_value, NEW.contained AS contained, NEW.flow_outcome AS flow_outcome, NEW.transferred AS transferred, NEW.again_s AS again_s) AS c
    WHERE 1
    ON CONFLICT (quarter, direction, queue, campaign_id, flow, outcome, cause, disposition) DO UPDATE SET
        calls = calls + excluded.calls;
END;

CREATE TRIGGER totals_of_a_new_calls_attempt AFTER INSERT ON calls WHEN NEW.direction = 'outbound' BEGIN
    INSERT INTO attempt_totals (
        quarter, campaign_id, list_id, attempts, answered, machines, by_person, late, contacts, right_party, sales,
        talk_s, wrap_up_s
    )
    SELECT
        coalesce(CAST(strftime('%s', a.intended_at) AS INTEGER) / 900, 0), a.campaign_id, coalesce(a.list_id, ''),
        c.sign * 1, c.sign * (coalesce(a.outcome IN ('answered', 'abandoned', 'machine'), 0)),
        c.sign * (coalesce(a.outcome = 'machine', 0)),
        c.sign * (coalesce(((coalesce(a.outcome IN ('answered', 'abandoned'), 0) OR coalesce(c.abandoned, 0)) AND NOT coalesce(c.disposition_machine, 0)), 0)),
        c.sign * (coalesce(((coalesce(a.outcome IN ('answered', 'abandoned'), 0) OR coalesce(c.abandoned, 0)) AND NOT coalesce(c.disposition_machine, 0)) AND (coalesce(c.abandoned, 0) OR coalesce(a.outcome = 'abandoned', 0) OR (c.agent_id IS NOT NULL AND coalesce(c.connect_s > 2.0, 0))), 0)),
        c.sign * (coalesce((c.agent_id IS NOT NULL), 0)),
        c.sign * (coalesce((c.agent_id IS NOT NULL) AND NOT coalesce(c.disposition_machine, 0) AND NOT coalesce(c.wrong_number, 0), 0)),
        c.sign * (coalesce((c.agent_id IS NOT NULL) AND c.sale_value IS NOT NULL, 0)),
        c.sign * (CASE WHEN (c.agent_id IS NOT NULL) THEN coalesce(c.talk_s, 0.0) ELSE 0.0 END),
        c.sign * (CASE WHEN (c.agent_id IS NOT NULL) THEN coalesce(c.wrap_up_s, 0.0) ELSE 0.0 END)
    FROM attempts AS a, (
        SELECT 1 AS sign, NEW.direction AS direction, NEW.switch AS switch, NEW.queue AS queue, NEW.campaign_id AS campaign_id, NEW.flow AS flow, NEW.agent_id AS agent_id, NEW.started_at AS started_at, NEW.wait_s AS wait_s, NEW.talk_s AS talk_s, NEW.wrap_up_s AS wrap_up_s, NEW.outcome AS outcome, NEW.cause AS cause, NEW.abandoned AS abandoned, NEW.connect_s AS connect_s, NEW.detected AS detected, NEW.caller AS caller, NEW.called AS called, NEW.disposition AS disposition, NEW.disposition_machine AS disposition_machine, NEW.wrong_number AS wrong_number, NEW.sale_value AS sale_value, NEW.contained AS contained, NEW.flow_outcome AS flow_outcome, NEW.transferred AS transferred, NEW.again_s AS again_s
        UNION ALL SELECT -1, NULL AS direction, NULL AS switch, NULL AS queue, NULL AS campaign_id, NULL AS flow, NULL AS agent_id, NULL AS started_at, NULL AS wait_s, NULL AS talk_s, NULL AS wrap_up_s, NULL AS outcome, NULL AS cause, NULL AS abandoned, NULL AS connect_s, NULL AS detected, NULL AS caller, NULL AS called, NULL AS disposition, NULL AS disposition_machine, NULL AS wrong_number, NULL AS sale_value, NULL AS contained, NULL AS flow_outcome, NULL AS transferred, NULL AS again_s
    ) AS c
    WHERE a.attempt_id = NEW.call_id AND NOT a.unsent
    ON CONFLICT (quarter, campaign_id, list_id) DO UPDATE SET
        attempts = attempts + excluded.attempts, answered = answered + excluded.answered,
        machines = machines + excluded.machines, by_person = by_person + excluded.by_person,
        late = late + excluded.late, contacts = contacts + excluded.contacts,
        right_party = right_party + excluded.right_party, sales = sales + excluded.sales,
        talk_s = talk_s + excluded.talk_s, wrap_up_s = wrap_up_s + excluded.wrap_up_s;
END;

CREATE TRIGGER totals_of_a_changed_call AFTER UPDATE OF agent_id, wait_s, talk_s, wrap_up_s, outcome, cause, abandoned, connect_s, detected, disposition,
    disposition_machine, wrong_number, sale_value, contained, flow_outcome, transferred, again_s, queue, started_at ON calls BEGIN
    INSERT INTO call_totals (
        quarter, direction, switch, queue, campaign_id, flow, calls, lost, offered, answered, abandoned, waited_s,
        talk_s, wrap_up_s, answered_in_5, answered_in_10, answered_in_15, answered_in_20, answered_in_30,
        answered_in_45, answered_in_60, answered_in_90, answered_in_120, answered_in_180, answered_in_300,
        abandoned_in_5, abandoned_in_10, abandoned_in_15, abandoned_in_20, abandoned_in_30, abandoned_in_45,
        abandoned_in_60, abandoned_in_90, abandoned_in_120, abandoned_in_180, abandoned_in_300, handled,
        handled_talk_s, handled_wrap_up_s, transferred, persons, persons_again, dispositions, dispositions_missing,
        sales, machines_by_agents, entered, contained, goals, dropped, detection_asked, machines_detected,
        dialled_handled, dialled_abandoned, taken_for_people, machines_missed, taken_for_machines, people_taken
    )
    SELECT
        coalesce(CAST(strftime('%s', c.started_at) AS INTEGER) / 900, 0), c.direction, c.switch,
        coalesce(c.queue, ''), coalesce(c.campaign_id, ''), coalesce(c.flow, ''), c.sign * 1,
        c.sign * (coalesce(c.outcome IN ('lost', 'pbx_lost'), 0)),
        c.sign * (coalesce((c.direction = 'inbound' AND c.wait_s IS NOT NULL), 0)),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL), 0)),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned), 0)),
        c.sign * (CASE WHEN ((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) THEN coalesce(c.wait_s, 0.0) ELSE 0.0 END),
        c.sign * (CASE WHEN ((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) THEN coalesce(c.talk_s, 0.0) ELSE 0.0 END),
        c.sign * (CASE WHEN ((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) THEN coalesce(c.wrap_up_s, 0.0) ELSE 0.0 END),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) AND c.wait_s <= 5, 0)),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) AND c.wait_s <= 10, 0)),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) AND c.wait_s <= 15, 0)),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) AND c.wait_s <= 20, 0)),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) AND c.wait_s <= 30, 0)),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) AND c.wait_s <= 45, 0)),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) AND c.wait_s <= 60, 0)),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) AND c.wait_s <= 90, 0)),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) AND c.wait_s <= 120, 0)),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) AND c.wait_s <= 180, 0)),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) AND c.wait_s <= 300, 0)),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned) AND c.wait_s < 5, 0)),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned) AND c.wait_s < 10, 0)),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned) AND c.wait_s < 15, 0)),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned) AND c.wait_s < 20, 0)),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned) AND c.wait_s < 30, 0)),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned) AND c.wait_s < 45, 0)),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned) AND c.wait_s < 60, 0)),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned) AND c.wait_s < 90, 0)),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned) AND c.wait_s < 120, 0)),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned) AND c.wait_s < 180, 0)),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NULL AND c.abandoned) AND c.wait_s < 300, 0)),
        c.sign * (coalesce((c.agent_id IS NOT NULL), 0)),
        c.sign * (CASE WHEN (c.agent_id IS NOT NULL) THEN coalesce(c.talk_s, 0.0) ELSE 0.0 END),
        c.sign * (CASE WHEN (c.agent_id IS NOT NULL) THEN coalesce(c.wrap_up_s, 0.0) ELSE 0.0 END),
        c.sign * (coalesce((c.agent_id IS NOT NULL) AND c.transferred, 0)),
        c.sign * (coalesce((c.agent_id IS NOT NULL) AND (CASE c.direction WHEN 'inbound' THEN c.caller ELSE c.called END <> ''), 0)),
        c.sign * (coalesce((c.agent_id IS NOT NULL) AND (CASE c.direction WHEN 'inbound' THEN c.caller ELSE c.called END <> '') AND c.again_s <= 604800, 0)),
        c.sign * (coalesce((c.agent_id IS NOT NULL) AND c.disposition IS NOT NULL, 0)),
        c.sign * (coalesce((c.agent_id IS NOT NULL) AND c.disposition = 'none', 0)),
        c.sign * (coalesce((c.agent_id IS NOT NULL) AND c.sale_value IS NOT NULL, 0)),
        c.sign * (coalesce((c.agent_id IS NOT NULL) AND (c.direction = 'outbound') AND coalesce(c.disposition_machine, 0), 0)),
        c.sign * (coalesce((c.contained IS NOT NULL AND c.outcome <> 'cancelled'), 0)),
        c.sign * (coalesce((c.contained IS NOT NULL AND c.outcome <> 'cancelled') AND c.contained, 0)),
        c.sign * (coalesce((c.contained IS NOT NULL AND c.outcome <> 'cancelled') AND c.contained AND c.flow_outcome = 'completed' AND NOT ((CASE c.direction WHEN 'inbound' THEN c.caller ELSE c.called END <> '') AND coalesce(c.again_s, 86400) < 86400), 0)),
        c.sign * (coalesce((c.contained IS NOT NULL AND c.outcome <> 'cancelled') AND c.flow_outcome IN ('hung_up', 'abandoned'), 0)),
        c.sign * (coalesce((c.direction = 'outbound') AND c.detected IS NOT NULL, 0)),
        c.sign * (coalesce((c.direction = 'outbound') AND c.detected = 'machine', 0)),
        c.sign * (coalesce((c.direction = 'outbound') AND (c.agent_id IS NOT NULL), 0)),
        c.sign * (coalesce((c.direction = 'outbound') AND c.abandoned, 0)),
        c.sign * (coalesce((c.direction = 'outbound') AND (c.agent_id IS NOT NULL) AND c.detected IN ('human', 'unsure'), 0)),
        c.sign * (coalesce((c.direction = 'outbound') AND (c.agent_id IS NOT NULL) AND coalesce(c.disposition_machine, 0) AND c.detected IN ('human', 'unsure'), 0)),
        c.sign * (coalesce((c.direction = 'outbound') AND (c.agent_id IS NOT NULL) AND c.detected = 'machine', 0)),
        c.sign * (coalesce((c.direction = 'outbound') AND (c.agent_id IS NOT NULL) AND NOT coalesce(c.disposition_machine, 0) AND c.detected = 'machine', 0))
    FROM (
        SELECT -1 AS sign, OLD.direction AS direction, OLD.switch AS switch, OLD.queue AS queue, OLD.campaign_id AS campaign_id, OLD.flow AS flow, OLD.agent_id AS agent_id, OLD.started_at AS started_at, OLD.wait_s AS wait_s, OLD.talk_s AS talk_s, OLD.wrap_up_s AS wrap_up_s, OLD.outcome AS outcome, OLD.cause AS cause, OLD.abandoned AS abandoned, OLD.connect_s AS connect_s, OLD.detected AS detected, OLD.caller AS caller, OLD.called AS called, OLD.disposition AS disposition, OLD.disposition_machine AS disposition_machine, OLD.wrong_number AS wrong_number, OLD.sale_value AS sale_value, OLD.contained AS contained, OLD.flow_outcome AS flow_outcome, OLD.transferred AS transferred, OLD.again_s AS again_s
        UNION ALL SELECT 1 AS sign, NEW.direction AS direction, NEW.switch AS switch, NEW.queue AS queue, NEW.campaign_id AS campaign_id, NEW.flow AS flow, NEW.agent_id AS agent_id, NEW.started_at AS started_at, NEW.wait_s AS wait_s, NEW.talk_s AS talk_s, NEW.wrap_up_s AS wrap_up_s, NEW.outcome AS outcome, NEW.cause AS cause, NEW.abandoned AS abandoned, NEW.connect_s AS connect_s, NEW.detected AS detected, NEW.caller AS caller, NEW.called AS called, NEW.disposition AS disposition, NEW.disposition_machine AS disposition_machine, NEW.wrong_number AS wrong_number, NEW.sale_value AS sale_value, NEW.contained AS contained, NEW.flow_outcome AS flow_outcome, NEW.transferred AS transferred, NEW.again_s AS again_s
    ) AS c
    WHERE 1
    ON CONFLICT (quarter, direction, switch, queue, campaign_id, flow) DO UPDATE SET
        calls = calls + excluded.calls, lost = lost + excluded.lost, offered = offered + excluded.offered,
        answered = answered + excluded.answered, abandoned = abandoned + excluded.abandoned,
        waited_s = waited_s + excluded.waited_s, talk_s = talk_s + excluded.talk_s,
        wrap_up_s = wrap_up_s + excluded.wrap_up_s, answered_in_5 = answered_in_5 + excluded.answered_in_5,
        answered_in_10 = answered_in_10 + excluded.answered_in_10,
        answered_in_15 = answered_in_15 + excluded.answered_in_15,
        answered_in_20 = answered_in_20 + excluded.answered_in_20,
        answered_in_30 = answered_in_30 + excluded.answered_in_30,
        answered_in_45 = answered_in_45 + excluded.answered_in_45,
        answered_in_60 = answered_in_60 + excluded.answered_in_60,
        answered_in_90 = answered_in_90 + excluded.answered_in_90,
        answered_in_120 = answered_in_120 + excluded.answered_in_120,
        answered_in_180 = answered_in_180 + excluded.answered_in_180,
        answered_in_300 = answered_in_300 + excluded.answered_in_300,
        abandoned_in_5 = abandoned_in_5 + excluded.abandoned_in_5,
        abandoned_in_10 = abandoned_in_10 + excluded.abandoned_in_10,
        abandoned_in_15 = abandoned_in_15 + excluded.abandoned_in_15,
        abandoned_in_20 = abandoned_in_20 + excluded.abandoned_in_20,
        abandoned_in_30 = abandoned_in_30 + excluded.abandoned_in_30,
        abandoned_in_45 = abandoned_in_45 + excluded.abandoned_in_45,
        abandoned_in_60 = abandoned_in_60 + excluded.abandoned_in_60,
        abandoned_in_90 = abandoned_in_90 + excluded.abandoned_in_90,
        abandoned_in_120 = abandoned_in_120 + excluded.abandoned_in_120,
        abandoned_in_180 = abandoned_in_180 + excluded.abandoned_in_180,
        abandoned_in_300 = abandoned_in_300 + excluded.abandoned_in_300, handled = handled + excluded.handled,
        handled_talk_s = handled_talk_s + excluded.handled_talk_s,
        handled_wrap_up_s = handled_wrap_up_s + excluded.handled_wrap_up_s,
        transferred = transferred + excluded.transferred, persons = persons + excluded.persons,
        persons_again = persons_again + excluded.persons_again, dispositions = dispositions + excluded.dispositions,
        dispositions_missing = dispositions_missing + excluded.dispositions_missing, sales = sales + excluded.sales,
        machines_by_agents = machines_by_agents + excluded.machines_by_agents, entered = entered + excluded.entered,
        contained = contained + excluded.contained, goals = goals + excluded.goals,
        dropped = dropped + excluded.dropped, detection_asked = detection_asked + excluded.detection_asked,
        machines_detected = machines_detected + excluded.machines_detected,
        dialled_handled = dialled_handled + excluded.dialled_handled,
        dialled_abandoned = dialled_abandoned + excluded.dialled_abandoned,
        taken_for_people = taken_for_people + excluded.taken_for_people,
        machines_missed = machines_missed + excluded.machines_missed,
        taken_for_machines = taken_for_machines + excluded.taken_for_machines,
        people_taken = people_taken + excluded.people_taken;
    INSERT INTO agent_totals (
        quarter, agent_id, direction, queue, campaign_id, answered, waited_s, talk_s, wrap_up_s, handled,
        handled_talk_s, handled_wrap_up_s, transferred, persons, persons_again, dispositions, dispositions_missing,
        sales, machines_by_agents
    )
    SELECT
        coalesce(CAST(strftime('%s', c.started_at) AS INTEGER) / 900, 0), c.agent_id, c.direction,
        coalesce(c.queue, ''), coalesce(c.campaign_id, ''),
        c.sign * (coalesce(((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL), 0)),
        c.sign * (CASE WHEN ((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) THEN coalesce(c.wait_s, 0.0) ELSE 0.0 END),
        c.sign * (CASE WHEN ((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) THEN coalesce(c.talk_s, 0.0) ELSE 0.0 END),
        c.sign * (CASE WHEN ((c.direction = 'inbound' AND c.wait_s IS NOT NULL) AND c.agent_id IS NOT NULL) THEN coalesce(c.wrap_up_s, 0.0) ELSE 0.0 END),
        c.sign * (coalesce((c.agent_id IS NOT NULL), 0)),
        c.sign * (CASE WHEN (c.agent_id IS NOT NULL) THEN coalesce(c.talk_s, 0.0) ELSE 0.0 END),
        c.sign * (CASE WHEN (c.agent_id IS NOT NULL) THEN coalesce(c.wrap_up_s, 0.0) ELSE 0.0 END),
        c.sign * (coalesce((c.agent_id IS NOT NULL) AND c.transferred, 0)),
        c.sign * (coalesce((c.agent_id IS NOT NULL) AND (CASE c.direction WHEN 'inbound' THEN c.caller ELSE c.called END <> ''), 0)),
        c.sign * (coalesce((c.agent_id IS NOT NULL) AND (CASE c.direction WHEN 'inbound' THEN c.caller ELSE c.called END <> '') AND c.again_s <= 604800, 0)),
        c.sign * (coalesce((c.agent_id IS NOT NULL) AND c.disposition IS NOT NULL, 0)),
        c.sign * (coalesce((c.agent_id IS NOT NULL) AND c.disposition = 'none', 0)),
        c.sign * (coalesce((c.agent_id IS NOT NULL) AND c.sale_value IS NOT NULL, 0)),
        c.sign * (coalesce((c.agent_id IS NOT NULL) AND (c.direction = 'outbound') AND coalesce(c.disposition_machine, 0), 0))
    FROM (
        SELECT -1 AS sign, OLD.direction AS direction, OLD.switch AS switch, OLD.queue AS queue, OLD.campaign_id AS campaign_id, OLD.flow AS flow, OLD.agent_id AS agent_id, OLD.started_at AS started_at, OLD.wait_s AS wait_s, OLD.talk_s AS talk_s, OLD.wrap_up_s AS wrap_up_s, OLD.outcome AS outcome, OLD.cause AS cause, OLD.abandoned AS abandoned, OLD.connect_s AS connect_s, OLD.detected AS detected, OLD.caller AS caller, OLD.called AS called, OLD.disposition AS disposition, OLD.disposition_machine AS disposition_machine, OLD.wrong_number AS wrong_number, OLD.sale_value AS sale_value, OLD.contained AS contained, OLD.flow_outcome AS flow_outcome, OLD.transferred AS transferred, OLD.again_s AS again_s
        UNION ALL SELECT 1 AS sign, NEW.direction AS direction, NEW.switch AS switch, NEW.queue AS queue, NEW.campaign_id AS campaign_id, NEW.flow AS flow, NEW.agent_id AS agent_id, NEW.started_at AS started_at, NEW.wait_s AS wait_s, NEW.talk_s AS talk_s, NEW.wrap_up_s AS wrap_up_s, NEW.outcome AS outcome, NEW.cause AS cause, NEW.abandoned AS abandoned, NEW.connect_s AS connect_s, NEW.detected AS detected, NEW.caller AS caller, NEW.called AS called, NEW.disposition AS disposition, NEW.disposition_machine AS disposition_machine, NEW.wrong_number AS wrong_number, NEW.sale_value AS sale_value, NEW.contained AS contained, NEW.flow_outcome AS flow_outcome, NEW.transferred AS transferred, NEW.again_s AS again_s
    ) AS c
    WHERE (c.agent_id IS NOT NULL)
    ON CONFLICT (quarter, agent_id, direction, queue, campaign_id) DO UPDATE SET
        answered = answered + excluded.answered, waited_s = waited_s + excluded.waited_s,
        talk_s = talk_s + excluded.talk_s, wrap_up_s = wrap_up_s + excluded.wrap_up_s,
        handled = handled + excluded.handled, handled_talk_s = handled_talk_s + excluded.handled_talk_s,
        handled_wrap_up_s = handled_wrap_up_s + excluded.handled_wrap_up_s,
        transferred = transferred + excluded.transferred, persons = persons + excluded.persons,
        persons_again = persons_again + excluded.persons_again, dispositions = dispositions + excluded.dispositions,
        dispositions_missing = dispositions_missing + excluded.dispositions_missing, sales = sales + excluded.sales,
        machines_by_agents = machines_by_agents + excluded.machines_by_agents;
    INSERT INTO ending_totals (
        quarter, direction, queue, campaign_id, flow, outcome, cause, disposition, calls
    )
    SELECT
        coalesce(CAST(strftime('%s', c.started_at) AS INTEGER) / 900, 0), c.direction, coalesce(c.queue, ''),
        coalesce(c.campaign_id, ''), coalesce(c.flow, ''), c.outcome, coalesce(c.cause, 0),
        coalesce(c.disposition, ''), c.sign * 1
    FROM (
        SELECT -1 AS sign, OLD.direction AS direction, OLD.switch AS switch, OLD.queue AS queue, OLD.campaign_id AS campaign_id, OLD.flow AS flow, OLD.agent_id AS agent_id, OLD.started_at AS started_at, OLD.wait_s AS wait_s, OLD.talk_s AS talk_s, OLD.wrap_up_s AS wrap_up_s, OLD.outcome AS outcome, OLD.cause AS cause, OLD.abandoned AS abandoned, OLD.connect_s AS connect_s, OLD.detected AS detected, OLD.caller AS caller, OLD.called AS called, OLD.disposition AS disposition, OLD.disposition_machine AS disposition_machine, OLD.wrong_number AS wrong_number, OLD.sale_value AS sale_value, OLD.contained AS contained, OLD.flow_outcome AS flow_outcome, OLD.transferred AS transferred, OLD.again_s AS again_s
        UNION ALL SELECT 1 AS sign, NEW.direction AS direction, NEW.switch AS switch, NEW.queue AS queue, NEW.campaign_id AS campaign_id, NEW.flow AS flow, NEW.agent_id AS agent_id, NEW.started_at AS started_at, NEW.wait_s AS wait_s, NEW.talk_s AS talk_s, NEW.wrap_up_s AS wrap_up_s, NEW.outcome AS outcome, NEW.cause AS cause, NEW.abandoned AS abandoned, NEW.connect_s AS connect_s, NEW.detected AS detected, NEW.caller AS caller, NEW.called AS called, NEW.disposition AS disposition, NEW.disposition_machine AS disposition_machine, NEW.wrong_number AS wrong_number, NEW.sale_value AS sale_value, NEW.contained AS contained, NEW.flow_outcome AS flow_outcome, NEW.transferred AS transferred, NEW.again_s AS again_s
    ) AS c
    WHERE 1
    ON CONFLICT (quarter, direction, queue, campaign_id, flow, outcome, cause, disposition) DO UPDATE SET
        calls = calls + excluded.calls;
END;

CREATE TRIGGER totals_of_a_changed_calls_attempt AFTER UPDATE OF agent_id, wait_s, talk_s, wrap_up_s, outcome, cause, abandoned, connect_s, detected, disposition,
    disposition_machine, wrong_number, sale_value, contained, flow_outcome, transferred, again_s, queue, started_at ON calls WHEN NEW.direction = 'outbound' BEGIN
    INSERT INTO attempt_totals (
        quarter, campaign_id, list_id, attempts, answered, machines, by_person, late, contacts, right_party, sales,
        talk_s, wrap_up_s
    )
    SELECT
        coalesce(CAST(strftime('%s', a.intended_at) AS INTEGER) / 900, 0), a.campaign_id, coalesce(a.list_id, ''),
        c.sign * 1, c.sign * (coalesce(a.outcome IN ('answered', 'abandoned', 'machine'), 0)),
        c.sign * (coalesce(a.outcome = 'machine', 0)),
        c.sign * (coalesce(((coalesce(a.outcome IN ('answered', 'abandoned'), 0) OR coalesce(c.abandoned, 0)) AND NOT coalesce(c.disposition_machine, 0)), 0)),
        c.sign * (coalesce(((coalesce(a.outcome IN ('answered', 'abandoned'), 0) OR coalesce(c.abandoned, 0)) AND NOT coalesce(c.disposition_machine, 0)) AND (coalesce(c.abandoned, 0) OR coalesce(a.outcome = 'abandoned', 0) OR (c.agent_id IS NOT NULL AND coalesce(c.connect_s > 2.0, 0))), 0)),
        c.sign * (coalesce((c.agent_id IS NOT NULL), 0)),
        c.sign * (coalesce((c.agent_id IS NOT NULL) AND NOT coalesce(c.disposition_machine, 0) AND NOT coalesce(c.wrong_number, 0), 0)),
        c.sign * (coalesce((c.agent_id IS NOT NULL) AND c.sale_value IS NOT NULL, 0)),
        c.sign * (CASE WHEN (c.agent_id IS NOT NULL) THEN coalesce(c.talk_s, 0.0) ELSE 0.0 END),
        c.sign * (CASE WHEN (c.agent_id IS NOT NULL) THEN coalesce(c.wrap_up_s, 0.0) ELSE 0.0 END)
    FROM attempts AS a, (
        SELECT -1 AS sign, OLD.direction AS direction, OLD.switch AS switch, OLD.queue AS queue, OLD.campaign_id AS campaign_id, OLD.flow AS flow, OLD.agent_id AS agent_id, OLD.started_at AS started_at, OLD.wait_s AS wait_s, OLD.talk_s AS talk_s, OLD.wrap_up_s AS wrap_up_s, OLD.outcome AS outcome, OLD.cause AS cause, OLD.abandoned AS abandoned, OLD.connect_s AS connect_s, OLD.detected AS detected, OLD.caller AS caller, OLD.called AS called, OLD.disposition AS disposition, OLD.disposition_machine AS disposition_machine, OLD.wrong_number AS wrong_number, OLD.sale_value AS sale_value, OLD.contained AS contained, OLD.flow_outcome AS flow_outcome, OLD.transferred AS transferred, OLD.again_s AS again_s
        UNION ALL SELECT 1 AS sign, NEW.direction AS direction, NEW.switch AS switch, NEW.queue AS queue, NEW.campaign_id AS campaign_id, NEW.flow AS flow, NEW.agent_id AS agent_id, NEW.started_at AS started_at, NEW.wait_s AS wait_s, NEW.talk_s AS talk_s, NEW.wrap_up_s AS wrap_up_s, NEW.outcome AS outcome, NEW.cause AS cause, NEW.abandoned AS abandoned, NEW.connect_s AS connect_s, NEW.detected AS detected, NEW.caller AS caller, NEW.called AS called, NEW.disposition AS disposition, NEW.disposition_machine AS disposition_machine, NEW.wrong_number AS wrong_number, NEW.sale_value AS sale_value, NEW.contained AS contained, NEW.flow_outcome AS flow_outcome, NEW.transferred AS transferred, NEW.again_s AS again_s
    ) AS c
    WHERE a.attempt_id = NEW.call_id AND NOT a.unsent
    ON CONFLICT (quarter, campaign_id, list_id) DO UPDATE SET
        attempts = attempts + excluded.attempts, answered = answered + excluded.answered,
        machines = machines + excluded.machines, by_person = by_person + excluded.by_person,
        late = late + excluded.late, contacts = contacts + excluded.contacts,
        right_party = right_party + excluded.right_party, sales = sales + excluded.sales,
        talk_s = talk_s + excluded.talk_s, wrap_up_s = wrap_up_s + excluded.wrap_up_s;
END;

CREATE TRIGGER totals_of_a_new_attempt AFTER INSERT ON attempts BEGIN
    INSERT INTO attempt_totals (
        quarter, campaign_id, list_id, attempts, answered, machines, by_person, late, contacts, right_party, sales,
        talk_s, wrap_up_s
    )
    SELECT
        coalesce(CAST(strftime('%s', a.intended_at) AS INTEGER) / 900, 0), a.campaign_id, coalesce(a.list_id, ''), 1,
        (coalesce(a.outcome IN ('answered', 'abandoned', 'machine'), 0)), (coalesce(a.outcome = 'machine', 0)),
        (coalesce(((coalesce(a.outcome IN ('answered', 'abandoned'), 0) OR coalesce(c.abandoned, 0)) AND NOT coalesce(c.disposition_machine, 0)), 0)),
        (coalesce(((coalesce(a.outcome IN ('answered', 'abandoned'), 0) OR coalesce(c.abandoned, 0)) AND NOT coalesce(c.disposition_machine, 0)) AND (coalesce(c.abandoned, 0) OR coalesce(a.outcome = 'abandoned', 0) OR (c.agent_id IS NOT NULL AND coalesce(c.connect_s > 2.0, 0))), 0)),
        (coalesce((c.agent_id IS NOT NULL), 0)),
        (coalesce((c.agent_id IS NOT NULL) AND NOT coalesce(c.disposition_machine, 0) AND NOT coalesce(c.wrong_number, 0), 0)),
        (coalesce((c.agent_id IS NOT NULL) AND c.sale_value IS NOT NULL, 0)),
        (CASE WHEN (c.agent_id IS NOT NULL) THEN coalesce(c.talk_s, 0.0) ELSE 0.0 END),
        (CASE WHEN (c.agent_id IS NOT NULL) THEN coalesce(c.wrap_up_s, 0.0) ELSE 0.0 END)
    FROM (SELECT NEW.intended_at AS intended_at, NEW.campaign_id AS campaign_id, NEW.list_id AS list_id, NEW.outcome AS outcome, NEW.unsent AS unsent) AS a LEFT JOIN calls AS c ON c.call_id = NEW.attempt_id
    WHERE NOT a.unsent
    ON CONFLICT (quarter, campaign_id, list_id) DO UPDATE SET
        attempts = attempts + excluded.attempts, answered = answered + excluded.answered,
        machines = machines + excluded.machines, by_person = by_person + excluded.by_person,
        late = late + excluded.late, contacts = contacts + excluded.contacts,
        right_party = right_party + excluded.right_party, sales = sales + excluded.sales,
        talk_s = talk_s + excluded.talk_s, wrap_up_s = wrap_up_s + excluded.wrap_up_s;
END;

CREATE TRIGGER totals_of_a_changed_attempt AFTER UPDATE OF outcome, unsent, list_id, campaign_id, intended_at ON attempts BEGIN
    INSERT INTO attempt_totals (
        quarter, campaign_id, list_id, attempts, answered, machines, by_person, late, contacts, right_party, sales,
        talk_s, wrap_up_s
    )
    SELECT
        coalesce(CAST(strftime('%s', a.intended_at) AS INTEGER) / 900, 0), a.campaign_id, coalesce(a.list_id, ''),
        a.sign * 1, a.sign * (coalesce(a.outcome IN ('answered', 'abandoned', 'machine'), 0)),
        a.sign * (coalesce(a.outcome = 'machine', 0)),
        a.sign * (coalesce(((coalesce(a.outcome IN ('answered', 'abandoned'), 0) OR coalesce(c.abandoned, 0)) AND NOT coalesce(c.disposition_machine, 0)), 0)),
        a.sign * (coalesce(((coalesce(a.outcome IN ('answered', 'abandoned'), 0) OR coalesce(c.abandoned, 0)) AND NOT coalesce(c.disposition_machine, 0)) AND (coalesce(c.abandoned, 0) OR coalesce(a.outcome = 'abandoned', 0) OR (c.agent_id IS NOT NULL AND coalesce(c.connect_s > 2.0, 0))), 0)),
        a.sign * (coalesce((c.agent_id IS NOT NULL), 0)),
        a.sign * (coalesce((c.agent_id IS NOT NULL) AND NOT coalesce(c.disposition_machine, 0) AND NOT coalesce(c.wrong_number, 0), 0)),
        a.sign * (coalesce((c.agent_id IS NOT NULL) AND c.sale_value IS NOT NULL, 0)),
        a.sign * (CASE WHEN (c.agent_id IS NOT NULL) THEN coalesce(c.talk_s, 0.0) ELSE 0.0 END),
        a.sign * (CASE WHEN (c.agent_id IS NOT NULL) THEN coalesce(c.wrap_up_s, 0.0) ELSE 0.0 END)
    FROM (
        SELECT -1 AS sign, OLD.intended_at AS intended_at, OLD.campaign_id AS campaign_id, OLD.list_id AS list_id, OLD.outcome AS outcome, OLD.unsent AS unsent
        UNION ALL SELECT 1 AS sign, NEW.intended_at AS intended_at, NEW.campaign_id AS campaign_id, NEW.list_id AS list_id, NEW.outcome AS outcome, NEW.unsent AS unsent
    ) AS a LEFT JOIN calls AS c ON c.call_id = NEW.attempt_id
    WHERE NOT a.unsent
    ON CONFLICT (quarter, campaign_id, list_id) DO UPDATE SET
        attempts = attempts + excluded.attempts, answered = answered + excluded.answered,
        machines = machines + excluded.machines, by_person = by_person + excluded.by_person,
        late = late + excluded.late, contacts = contacts + excluded.contacts,
        right_party = right_party + excluded.right_party, sales = sales + excluded.sales,
        talk_s = talk_s + excluded.talk_s, wrap_up_s = wrap_up_s + excluded.wrap_up_s;
END;
