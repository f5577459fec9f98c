/**
 * The queue at any length: what its tools filter by lies beside the recipient, in the order in which they show it, and what they count is
 * kept counted. Every index holds waiting and held recipients only, so a message that is delivered on its way through touches none.
 */
export const sql = `
ALTER TABLE recipient ADD COLUMN accepted_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE recipient ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE recipient ADD COLUMN configuration_set TEXT;
UPDATE recipient SET (accepted_at, expires_at, configuration_set) =
  (SELECT accepted_at, expires_at, configuration_set FROM message WHERE seq = recipient.message);

DROP INDEX recipient_open;
CREATE INDEX recipient_open ON recipient (state, accepted_at, message, position) WHERE (state = 'queued' OR state = 'deferred' OR state = 'held');
-- The columns behind the key let every other filter be answered from the index alone.
CREATE INDEX recipient_open_domain ON recipient (domain, state, accepted_at, message, position, last_status, configuration_set)
  WHERE (state = 'queued' OR state = 'deferred' OR state = 'held');
CREATE INDEX recipient_open_status ON recipient (last_status, state, accepted_at, message, position, configuration_set)
  WHERE (state = 'queued' OR state = 'deferred' OR state = 'held') AND last_status IS NOT NULL;
CREATE INDEX recipient_open_set ON recipient (configuration_set, state, accepted_at, message, position)
  WHERE (state = 'queued' OR state = 'deferred' OR state = 'held') AND configuration_set IS NOT NULL;
CREATE INDEX recipient_expiry ON recipient (expires_at, message) WHERE (state = 'queued' OR state = 'deferred');

-- Recipients that wait or are held, by domain. A domain without any has no row.
CREATE TABLE queue_count (
  domain TEXT PRIMARY KEY,
  queued INTEGER NOT NULL,
  deferred INTEGER NOT NULL,
  held INTEGER NOT NULL,
  total INTEGER NOT NULL GENERATED ALWAYS AS (queued + deferred + held) VIRTUAL
) STRICT, WITHOUT ROWID;
INSERT INTO queue_count (domain, queued, deferred, held)
  SELECT domain, SUM(state = 'queued'), SUM(state = 'deferred'), SUM(state = 'held') FROM recipient
  WHERE (state = 'queued' OR state = 'deferred' OR state = 'held') GROUP BY domain;

CREATE TRIGGER recipient_added AFTER INSERT ON recipient WHEN (NEW.state = 'queued' OR NEW.state = 'deferred' OR NEW.state = 'held') BEGIN
  INSERT INTO queue_count (domain, queued, deferred, held)
    VALUES (NEW.domain, NEW.state = 'queued', NEW.state = 'deferred', NEW.state = 'held')
    ON CONFLICT DO UPDATE SET queued = queued + excluded.queued, deferred = deferred + excluded.deferred, held = held + excluded.held;
END;
CREATE TRIGGER recipient_moved AFTER UPDATE OF state ON recipient
WHEN (OLD.state = 'queued' OR OLD.state = 'deferred' OR OLD.state = 'held') OR (NEW.state = 'queued' OR NEW.state = 'deferred' OR NEW.state = 'held') BEGIN
  INSERT INTO queue_count (domain, queued, deferred, held)
    VALUES (NEW.domain, (NEW.state = 'queued') - (OLD.state = 'queued'), (NEW.state = 'deferred') - (OLD.state = 'deferred'),
      (NEW.state = 'held') - (OLD.state = 'held'))
    ON CONFLICT DO UPDATE SET queued = queued + excluded.queued, deferred = deferred + excluded.deferred, held = held + excluded.held;
  DELETE FROM queue_count WHERE domain = NEW.domain AND total = 0;
END;
CREATE TRIGGER recipient_removed AFTER DELETE ON recipient WHEN (OLD.state = 'queued' OR OLD.state = 'deferred' OR OLD.state = 'held') BEGIN
  UPDATE queue_count SET queued = queued - (OLD.state = 'queued'), deferred = deferred - (OLD.state = 'deferred'),
    held = held - (OLD.state = 'held') WHERE domain = OLD.domain;
  DELETE FROM queue_count WHERE domain = OLD.domain AND total = 0;
END;
`
