//! Tables that a framework, a tool or an extension keeps for itself: nobody reports on them.
//!
//! Names that are unmistakable stand alone; a name that an application may use as well (`jobs`, `sessions`) needs the
//! columns that go with it.

use crate::model::RelationName;
use crate::source::Relation;

struct Own {
    /// In any schema; a `*` at the end stands for anything.
    name: &'static str,
    /// Columns that it has then.
    columns: &'static [&'static str],
    what: &'static str,
}

const fn own(name: &'static str, what: &'static str) -> Own {
    Own { name, columns: &[], what }
}

const fn with(name: &'static str, columns: &'static [&'static str], what: &'static str) -> Own {
    Own { name, columns, what }
}

const OWN: &[Own] = &[
    // Migrations.
    own("django_migrations", "Django's list of migrations"),
    own("schema_migrations", "a framework's list of migrations"),
    own("ar_internal_metadata", "Rails' own settings"),
    own("flyway_schema_history", "Flyway's list of migrations"),
    own("alembic_version", "Alembic's list of migrations"),
    own("databasechangelog", "Liquibase's list of migrations"),
    own("databasechangeloglock", "Liquibase's lock"),
    own("knex_migrations", "Knex's list of migrations"),
    own("knex_migrations_lock", "Knex's lock"),
    own("_prisma_migrations", "Prisma's list of migrations"),
    own("SequelizeMeta", "Sequelize's list of migrations"),
    own("typeorm_metadata", "TypeORM's own settings"),
    own("__EFMigrationsHistory", "Entity Framework's list of migrations"),
    own("__drizzle_migrations", "Drizzle's list of migrations"),
    own("__diesel_schema_migrations", "Diesel's list of migrations"),
    own("_sqlx_migrations", "SQLx's list of migrations"),
    own("goose_db_version", "goose's list of migrations"),
    own("refinery_schema_history", "Refinery's list of migrations"),
    with("migrations", &["migration", "batch"], "Laravel's list of migrations"),
    with("migrations", &["timestamp", "name"], "TypeORM's list of migrations"),
    // Django.
    own("django_session", "Django's sessions"),
    own("django_admin_log", "Django's log of the admin site"),
    own("django_content_type", "Django's list of models"),
    own("django_site", "Django's list of sites"),
    own("auth_permission", "Django's list of permissions"),
    own("auth_group_permissions", "Django's permissions of groups"),
    own("auth_user_user_permissions", "Django's permissions of users"),
    own("django_celery_*", "Celery's schedules and results"),
    own("authtoken_token", "API tokens of Django REST framework"),
    own("oauth2_provider_*", "grants and tokens of Django OAuth Toolkit"),
    own("token_blacklist_*", "tokens of Simple JWT"),
    own("socialaccount_*", "django-allauth's accounts and tokens"),
    own("account_emailconfirmation", "django-allauth's confirmations"),
    own("otp_static_*", "one-time passwords of django-otp"),
    own("otp_totp_*", "one-time passwords of django-otp"),
    own("axes_*", "login attempts of django-axes"),
    own("silk_*", "profiles of django-silk"),
    own("thumbnail_kvstore", "sorl-thumbnail's store"),
    own("easy_thumbnails_*", "easy-thumbnails' store"),
    own("models_logging_revision", "the requests behind django-models-logging's entries"),
    // Rails and Laravel.
    with("sessions", &["session_id", "data"], "Rails' sessions"),
    with("sessions", &["payload", "last_activity"], "Laravel's sessions"),
    with("cache", &["key", "value", "expiration"], "Laravel's cache"),
    own("cache_locks", "Laravel's locks"),
    own("failed_jobs", "Laravel's queue"),
    own("job_batches", "Laravel's queue"),
    own("password_resets", "Laravel's password resets"),
    own("password_reset_tokens", "Laravel's password resets"),
    own("personal_access_tokens", "Laravel's API tokens"),
    own("telescope_*", "Laravel Telescope's records"),
    own("oauth_access_tokens", "OAuth tokens"),
    own("oauth_refresh_tokens", "OAuth tokens"),
    own("oauth_auth_codes", "OAuth codes"),
    own("oauth_access_grants", "OAuth grants"),
    // Queues and schedulers.
    with("jobs", &["queue", "payload", "attempts"], "Laravel's queue"),
    own("delayed_jobs", "delayed_job's queue"),
    own("good_job*", "good_job's queue"),
    own("solid_queue_*", "Solid Queue's queue"),
    own("solid_cache_*", "Solid Cache's entries"),
    own("solid_cable_*", "Solid Cable's messages"),
    own("que_*", "Que's queue"),
    own("queue_classic_jobs", "queue_classic's queue"),
    own("celery_taskmeta", "Celery's results"),
    own("celery_tasksetmeta", "Celery's results"),
    own("kombu_*", "Kombu's queue"),
    own("procrastinate_*", "Procrastinate's queue"),
    own("oban_*", "Oban's queue"),
    own("qrtz_*", "Quartz' schedules"),
    own("shedlock", "ShedLock's locks"),
    own("spring_session*", "Spring's sessions"),
    own("batch_job_*", "Spring Batch's executions"),
    own("batch_step_*", "Spring Batch's executions"),
    own("apscheduler_jobs", "APScheduler's schedules"),
    // Extensions whose tables the catalog does not always call theirs.
    own("spatial_ref_sys", "PostGIS' coordinate systems"),
    own("awsdms_*", "AWS DMS's own"),
];

/// Schemas that belong to a tool as a whole.
const SCHEMAS: &[(&str, &str)] = &[
    ("_timescaledb_*", "TimescaleDB"),
    ("timescaledb_*", "TimescaleDB"),
    ("hdb_catalog", "Hasura"),
    ("pgboss", "pg-boss"),
    ("graphile_worker", "Graphile Worker"),
    ("hangfire", "Hangfire"),
    ("cron", "pg_cron"),
    ("partman", "pg_partman"),
    ("pglogical", "pglogical"),
    ("sqitch", "Sqitch"),
    ("supabase_migrations", "Supabase"),
    ("supabase_functions", "Supabase"),
    ("vault", "Supabase Vault"),
    ("pgsodium", "pgsodium"),
    ("topology", "PostGIS"),
    ("tiger", "PostGIS"),
    ("tiger_data", "PostGIS"),
];

/// What a table is to the framework that keeps it for itself.
pub fn framework_table(name: &RelationName, relation: &Relation) -> Option<&'static str> {
    let is_it = |own: &&Own| is_named(&name.name, own.name) && own.columns.iter().all(|c| relation.column(c).is_some());
    OWN.iter().find(is_it).map(|own| own.what)
}

/// The tool that a schema belongs to as a whole.
pub fn tool_of_schema(schema: &str) -> Option<&'static str> {
    SCHEMAS.iter().find(|(name, _)| is_named(schema, name)).map(|(_, tool)| *tool)
}

fn is_named(name: &str, wanted: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(prefix) => name.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix)),
        None => name.eq_ignore_ascii_case(wanted),
    }
}
