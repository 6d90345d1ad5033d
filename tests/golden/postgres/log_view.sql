-- app.Item scan
SELECT t."content_type_id"::text, NULL::text, count(*)::text, (count(*) FILTER (WHERE COALESCE(t."action"::text IN ('seen'::text), FALSE)))::text, (count(*) FILTER (WHERE NOT COALESCE(t."action"::text IN ('seen'::text), FALSE) AND (FALSE OR (t."object_id" IS NULL))))::text FROM "public"."models_logging_change" AS t WHERE t."id" >= '-5100'::int8 AND (pg_catalog.age(t.xmin)::int8 & 4294967295) <= (SELECT (pg_catalog.age('700'::xid)::int8 & 4294967295)) GROUP BY 1, 2

-- app.Item keys
SELECT k.k0::text, bool_and(k.again), bool_or(k.missing), bool_or(k.added), count(*)::text FROM (SELECT CASE WHEN CASE WHEN (t."object_id")::text ~ '^[+-]?[0-9]{1,40}$' THEN (t."object_id")::text::numeric BETWEEN -9223372036854775808 AND 9223372036854775807 ELSE FALSE END THEN (t."object_id")::text::int8 END AS k0, ((pg_catalog.age(t.xmin)::int8 & 4294967295) > (SELECT (pg_catalog.age('705'::xid)::int8 & 4294967295)) AND t.xmin <> ALL ('{700,703}'::xid[])) AS again, (t."object_id" IS NULL) AS missing, COALESCE(t."action"::text IN ('added'::text), FALSE) AS added FROM "public"."models_logging_change" AS t WHERE t."content_type_id" = '37' AND t."id" >= '-5100'::int8 AND (pg_catalog.age(t.xmin)::int8 & 4294967295) <= (SELECT (pg_catalog.age('700'::xid)::int8 & 4294967295)) AND NOT COALESCE(t."action"::text IN ('seen'::text), FALSE)) AS k GROUP BY k.k0 ORDER BY bool_or(k.missing) DESC, (k.k0 IS NULL) DESC, k.k0

-- app.Item present
COPY (SELECT t."item_id", t."plan_id", t."we""ird" FROM "shop"."item view" AS t WHERE (live -- only
) AND t."item_id" = ANY ('{"7","-12"}'::int8[])) TO STDOUT

-- app.Item gone
COPY (SELECT k.added, k.k0 AS "item_id" FROM unnest('{"7","-12"}'::int8[], '{f,f}'::boolean[]) AS k(k0, added) WHERE NOT EXISTS (SELECT 1 FROM "shop"."item view" AS t WHERE t."item_id" = k.k0 AND (live -- only
) AND t."item_id" = ANY ('{"7","-12"}'::int8[]))) TO STDOUT

-- app.plan scan
SELECT t."content_type_id"::text, NULL::text, count(*)::text, (count(*) FILTER (WHERE COALESCE(t."action"::text IN ('seen'::text), FALSE)))::text, (count(*) FILTER (WHERE NOT COALESCE(t."action"::text IN ('seen'::text), FALSE) AND (FALSE OR (t."object_id" IS NULL))))::text FROM "public"."models_logging_change" AS t WHERE t."id" >= '-5100'::int8 AND (pg_catalog.age(t.xmin)::int8 & 4294967295) <= (SELECT (pg_catalog.age('700'::xid)::int8 & 4294967295)) GROUP BY 1, 2

-- app.plan keys
SELECT k.k0::text, bool_and(k.again), bool_or(k.missing), bool_or(k.added), count(*)::text FROM (SELECT CASE WHEN CASE WHEN (t."object_id")::text ~ '^[+-]?[0-9]{1,40}$' THEN (t."object_id")::text::numeric BETWEEN -9223372036854775808 AND 9223372036854775807 ELSE FALSE END THEN (t."object_id")::text::int8 END AS k0, ((pg_catalog.age(t.xmin)::int8 & 4294967295) > (SELECT (pg_catalog.age('705'::xid)::int8 & 4294967295)) AND t.xmin <> ALL ('{700,703}'::xid[])) AS again, (t."object_id" IS NULL) AS missing, COALESCE(t."action"::text IN ('added'::text), FALSE) AS added FROM "public"."models_logging_change" AS t WHERE t."content_type_id" = '36' AND t."id" >= '-5100'::int8 AND (pg_catalog.age(t.xmin)::int8 & 4294967295) <= (SELECT (pg_catalog.age('700'::xid)::int8 & 4294967295)) AND NOT COALESCE(t."action"::text IN ('seen'::text), FALSE)) AS k GROUP BY k.k0 ORDER BY bool_or(k.missing) DESC, (k.k0 IS NULL) DESC, k.k0

-- app.plan present
COPY (SELECT t."item_id", t."plan_id", t."we""ird" FROM "shop"."item view" AS t WHERE (live -- only
) AND t."plan_id" = ANY ('{"7","-12"}'::int8[])) TO STDOUT

-- app.plan gone
COPY (SELECT k.k0 AS "plan_id" FROM unnest('{"7","-12"}'::int8[]) AS k(k0)) TO STDOUT

