-- upserts
COPY (SELECT t."id", t."note" FROM "shop"."or""ders" AS t WHERE (status <> 'draft' OR vip)) TO STDOUT
