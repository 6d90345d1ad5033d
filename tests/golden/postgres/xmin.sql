-- all keys
COPY (SELECT t."id" FROM "shop"."or""ders" AS t WHERE (status <> 'draft' OR vip)) TO STDOUT

-- upserts
COPY (SELECT t."id", t."note" FROM "shop"."or""ders" AS t WHERE (status <> 'draft' OR vip) AND ((pg_catalog.age(t.xmin)::int8 & 4294967295) <= (SELECT (pg_catalog.age('700'::xid)::int8 & 4294967295)) OR t.tableoid = ANY ('{16501}'::oid[]))) TO STDOUT

-- leavers
COPY (SELECT t."id" FROM "shop"."or""ders" AS t WHERE (status <> 'draft' OR vip) IS NOT TRUE AND ((pg_catalog.age(t.xmin)::int8 & 4294967295) <= (SELECT (pg_catalog.age('700'::xid)::int8 & 4294967295)) OR t.tableoid = ANY ('{16501}'::oid[])) AND NOT EXISTS (SELECT 1 FROM (SELECT t."id" FROM "shop"."or""ders" AS t WHERE (status <> 'draft' OR vip)) AS o WHERE o."id" = t."id")) TO STDOUT

-- other keys
COPY (SELECT t."id" FROM "shop"."or""ders" AS t WHERE (status <> 'draft' OR vip) AND (((pg_catalog.age(t.xmin)::int8 & 4294967295) <= (SELECT (pg_catalog.age('700'::xid)::int8 & 4294967295)) OR t.tableoid = ANY ('{16501}'::oid[]))) IS NOT TRUE) TO STDOUT
