//! What the text of a trigger's function tells for certain: which statements run whenever the function does.
//!
//! The text is PL/pgSQL. Only a statement of the outermost block counts, for what stands under a condition, in a loop or behind a
//! `RETURN` may not run. Whatever is not understood proves nothing.

use super::native_type::PostgresType;
use super::oid;
use super::plpgsql::{Token, statements};
use crate::model::RelationName;

/// Which moment a clock's value is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TimeType {
    /// A moment: `timestamptz`.
    Moment,
    /// A local time: `timestamp`. Only that of UTC never goes back.
    Local,
}

/// Whether the function sets the column of the row to the time whenever it runs, and nothing else in it touches the column.
pub fn always_sets_to_now(body: &str, column: &str, native: &PostgresType) -> bool {
    let clock = if native.base_oid == oid::TIMESTAMPTZ { TimeType::Moment } else { TimeType::Local };
    sets_to_now(body, column, clock)
}

fn sets_to_now(body: &str, column: &str, clock: TimeType) -> bool {
    let Some(statements) = statements(body) else { return false };
    let is_field =
        |part: &[Token]| matches!(part, [new, dot, name] if new.is("new") && dot.is_sign('.') && name.names(column));
    let all: Vec<&Token> = statements.iter().flatten().collect();
    let touched = statements.iter().map(|s| s.windows(3).filter(|w| is_field(w)).count()).sum::<usize>();
    // The whole row may be replaced, and another row returned.
    let replaces = all.windows(2).any(|w| {
        let assigns = w[1].is_sign(':') || w[1].is_sign('=');
        (w[0].is("new") && assigns) || (w[0].is("into") && w[1].is("new"))
    });
    let returns_another = all.windows(2).any(|w| w[0].is("return") && !w[1].is("new"));
    let sets = |s: &[Token]| {
        s.len() > 4 && is_field(&s[..3]) && {
            let value = &s[3..];
            let value = value.strip_prefix(&[Token::Sign(':')]).unwrap_or(value);
            matches!(value.split_first(), Some((equals, value)) if equals.is_sign('=') && is_now(value, clock))
        }
    };
    touched == 1 && !replaces && !returns_another && always_runs(&statements, sets)
}

/// Whether the function writes an entry of the log whenever it runs.
pub fn always_logs(body: &str, log: &RelationName) -> bool {
    let Some(statements) = statements(body) else { return false };
    always_runs(&statements, |s| inserts_into(s, log))
}

/// An `INSERT` of a row, whatever the row is.
fn inserts_into(statement: &[Token], log: &RelationName) -> bool {
    let [insert, into, rest @ ..] = statement else { return false };
    let is_named = match rest {
        [schema, dot, name, ..] if dot.is_sign('.') => schema.names(&log.schema) && name.names(&log.name),
        [name, ..] => name.names(&log.name),
        [] => false,
    };
    // Each of these may leave no row to insert.
    let may_skip = ["where", "from", "having", "limit", "offset", "on", "join", "except", "intersect"];
    insert.is("insert") && into.is("into") && is_named && !rest.iter().any(|t| may_skip.iter().any(|word| t.is(word)))
}

/// Whether a value is the time, and of nothing else.
fn is_now(value: &[Token], clock: TimeType) -> bool {
    const CLOCKS: [&str; 5] =
        ["now", "current_timestamp", "clock_timestamp", "statement_timestamp", "transaction_timestamp"];
    const AROUND: [&str; 5] = ["at", "time", "zone", "timezone", "pg_catalog"];
    let is_part = |token: &Token| match token {
        Token::Word(word) => CLOCKS.contains(&word.as_str()) || AROUND.contains(&word.as_str()),
        Token::Literal(zone) => zone.eq_ignore_ascii_case("utc"),
        Token::Sign(sign) => "():.,".contains(*sign),
        Token::Quoted(_) => false,
    };
    let tells_time = value.iter().any(|t| CLOCKS.iter().any(|clock| t.is(clock)));
    let is_utc = value.iter().any(|t| matches!(t, Token::Literal(_)));
    value.iter().all(is_part) && tells_time && is_utc == (clock == TimeType::Local)
}

/// Whether one of the statements is reached whenever the function runs.
fn always_runs(statements: &[Vec<Token>], is_it: impl Fn(&[Token]) -> bool) -> bool {
    let Some(at) = statements.iter().position(|s| is_it(s)) else { return false };
    statements[..at].iter().all(|s| !may_leave(s))
}

/// Whether a statement may end the function without an error.
fn may_leave(statement: &[Token]) -> bool {
    statement.iter().enumerate().any(|(at, token)| match token {
        Token::Word(word) if word == "return" => !is_for_no_change(&statement[..at]),
        Token::Word(word) => word == "exit",
        _ => false,
    })
}

/// The audit trigger of PostgreSQL's wiki leaves out an update that changed nothing: `IF … changed_fields = hstore('') THEN`.
/// Source: <https://wiki.postgresql.org/wiki/Audit_trigger_91plus>
fn is_for_no_change(before: &[Token]) -> bool {
    let condition = ["changed_fields", "=", "hstore", "(", "''", ")", "then"];
    let written = |token: &Token| match token {
        Token::Word(word) => word.clone(),
        Token::Quoted(word) => format!("\"{word}\""),
        Token::Literal(text) => format!("'{text}'"),
        Token::Sign(sign) => sign.to_string(),
    };
    before.len() >= condition.len() && before[before.len() - condition.len()..].iter().map(written).eq(condition)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_set_only_by_an_assignment_that_always_runs() {
        let sets = |body| sets_to_now(body, "updated_at", TimeType::Moment);
        for body in [
            "BEGIN NEW.updated_at = now(); RETURN NEW; END",
            "begin\n  new.\"updated_at\" := clock_timestamp();\n  return new;\nend;",
            "DECLARE x int := 1; BEGIN IF TG_OP = 'INSERT' THEN NEW.made = now(); END IF; NEW.updated_at = pg_catalog.now(); RETURN NEW; END",
            "<<l>> BEGIN /* a /* b */ RETURN c */ NEW.n = CASE WHEN NEW.a THEN 1 ELSE 2 END; NEW.updated_at = CURRENT_TIMESTAMP; RETURN NEW; END l",
        ] {
            assert!(sets(body), "{body}");
        }
        for body in [
            "BEGIN IF NEW.status <> OLD.status THEN NEW.updated_at = now(); END IF; RETURN NEW; END",
            "BEGIN IF NEW.status = OLD.status THEN RETURN NEW; END IF; NEW.updated_at = now(); RETURN NEW; END",
            "BEGIN CASE NEW.status WHEN 1 THEN NEW.updated_at = now(); ELSE NULL; END CASE; RETURN NEW; END",
            "BEGIN -- NEW.updated_at = now();\n RETURN NEW; END",
            "BEGIN /* NEW.updated_at = now(); */ RETURN NEW; END",
            "BEGIN RAISE NOTICE '; NEW.updated_at = now();'; EXECUTE $q$ ; NEW.updated_at = now(); $q$; RETURN NEW; END",
            "BEGIN FOR i IN 1..NEW.n LOOP NEW.updated_at = now(); END LOOP; RETURN NEW; END",
            "BEGIN NEW.updated_at = now(); EXCEPTION WHEN OTHERS THEN RETURN NEW; END",
            "BEGIN BEGIN NEW.updated_at = now(); EXCEPTION WHEN OTHERS THEN NULL; END; RETURN NEW; END",
            "BEGIN NEW.updated_at = now(); NEW.updated_at = OLD.updated_at; RETURN NEW; END",
            "BEGIN NEW.updated_at = coalesce(NEW.updated_at, now()); RETURN NEW; END",
            "BEGIN NEW.updated_at = NEW.created_at; RETURN NEW; END",
            "BEGIN NEW.updated_at = now() - interval '1 day'; RETURN NEW; END",
            "BEGIN NEW.updated_at = now() AT TIME ZONE 'UTC'; RETURN NEW; END",
            "BEGIN NEW.updated_at = now(); NEW := OLD; RETURN NEW; END",
            "BEGIN NEW.updated_at = now(); RETURN OLD; END",
            "BEGIN IF NEW.updated_at = OLD.updated_at THEN RAISE 'stale'; END IF; RETURN NEW; END",
            "BEGIN NEW.updated_at_by = now(); RETURN NEW; END",
            "BEGIN NEW.updated_at = now(); RETURN NEW;",
            "",
        ] {
            assert!(!sets(body), "{body}");
        }
        let local =
            |value: &str| sets_to_now(&format!("BEGIN NEW.at = {value}; RETURN NEW; END"), "at", TimeType::Local);
        // The local time of a session depends on the session, and that of a place goes back in autumn.
        assert!(local("now() AT TIME ZONE 'utc'") && local("timezone('UTC', now())"));
        assert!(!local("now()") && !local("now() AT TIME ZONE 'Europe/Rome'"));
    }

    #[test]
    fn an_entry_is_logged_only_where_nothing_is_in_the_way() {
        let log = RelationName { schema: "audit".to_owned(), name: "log".to_owned() };
        let logs = |body| always_logs(body, &log);
        for body in [
            "BEGIN INSERT INTO audit.log VALUES (TG_OP, CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END); RETURN NULL; END",
            "begin insert into \"audit\".\"log\" (op) select tg_op; return coalesce(new, old); end",
            "BEGIN IF TG_WHEN <> 'AFTER' THEN RAISE EXCEPTION 'no'; END IF; IF (TG_OP = 'UPDATE') THEN f = hstore(NEW.*); \
             IF row.changed_fields = hstore('') THEN\n -- Skip this update.\n RETURN NULL; END IF; END IF; INSERT INTO log VALUES (row.*); RETURN NULL; END",
        ] {
            assert!(logs(body), "{body}");
        }
        for body in [
            "BEGIN IF NEW.w = OLD.w THEN INSERT INTO audit.log VALUES (TG_OP); END IF; RETURN NULL; END",
            "BEGIN IF NEW.w = OLD.w THEN RETURN NULL; END IF; INSERT INTO audit.log VALUES (TG_OP); RETURN NULL; END",
            "BEGIN INSERT INTO audit.log SELECT TG_OP WHERE NEW.w <> OLD.w; RETURN NULL; END",
            "BEGIN INSERT INTO audit.log VALUES (1) ON CONFLICT DO NOTHING; RETURN NULL; END",
            "BEGIN INSERT INTO other.log VALUES (TG_OP); RETURN NULL; END",
            "BEGIN PERFORM 1; -- INSERT INTO audit.log VALUES (TG_OP);\n RETURN NULL; END",
            "BEGIN INSERT INTO audit.log VALUES (TG_OP); EXCEPTION WHEN OTHERS THEN RETURN NULL; END",
            "BEGIN EXECUTE 'INSERT INTO audit.log VALUES (1)'; RETURN NULL; END",
            "BEGIN PERFORM E'\\'; INSERT INTO audit.log VALUES (1); PERFORM ''; RETURN NULL; END",
        ] {
            assert!(!logs(body), "{body}");
        }
    }

    #[test]
    fn no_text_is_too_odd() {
        for body in [
            "BEGIN",
            "BEGIN END END",
            "END",
            "BEGIN 'x",
            "BEGIN $a$ x",
            "BEGIN $",
            "/* ",
            "--",
            "BEGIN é😀 ß; END",
            "\"",
            "BEGIN END IF; END",
        ] {
            assert!(!sets_to_now(body, "é", TimeType::Moment), "{body}");
        }
    }
}
