-- all keys
COPY (SELECT t."id" FROM "shop"."or""ders" AS t WHERE (status <> 'draft' OR vip)) TO STDOUT

-- upserts
COPY (SELECT t."id", t."note", t."updated_at" FROM "shop"."or""ders" AS t WHERE (status <> 'draft' OR vip) AND (t."updated_at" >= (LEAST('2026-11-21 09:44:00+00'::timestamptz, '2026-11-21 09:43:00+00'::timestamptz) - '600 seconds'::interval) OR t."updated_at" IS NULL)) TO STDOUT

-- leavers
COPY (SELECT t."id" FROM "shop"."or""ders" AS t WHERE (status <> 'draft' OR vip) IS NOT TRUE AND (t."updated_at" >= (LEAST('2026-11-21 09:44:00+00'::timestamptz, '2026-11-21 09:43:00+00'::timestamptz) - '600 seconds'::interval) OR t."updated_at" IS NULL) AND NOT EXISTS (SELECT 1 FROM (SELECT t."id" FROM "shop"."or""ders" AS t WHERE (status <> 'draft' OR vip)) AS o WHERE o."id" = t."id")) TO STDOUT

-- other keys
COPY (SELECT t."id" FROM "shop"."or""ders" AS t WHERE (status <> 'draft' OR vip) AND ((t."updated_at" >= (LEAST('2026-11-21 09:44:00+00'::timestamptz, '2026-11-21 09:43:00+00'::timestamptz) - '600 seconds'::interval) OR t."updated_at" IS NULL)) IS NOT TRUE) TO STDOUT
