-- table demo.app.item: b BOOL, i INT64, n NUMERIC, m BIGNUMERIC, d DATE, s DATETIME, z TIMESTAMP, t STRING, id INT64, a STRING
CREATE OR REPLACE TABLE `demo.app.item`
(
  `b` BOOL NOT NULL,
  `i` INT64 NOT NULL,
  `n` NUMERIC NOT NULL,
  `m` BIGNUMERIC NOT NULL,
  `d` DATE NOT NULL,
  `s` DATETIME NOT NULL,
  `z` TIMESTAMP NOT NULL,
  `t` STRING NOT NULL,
  `id` INT64,
  `a` STRING,
  PRIMARY KEY (`b`, `i`, `n`, `m`, `d`, `s`, `z`, `t`) NOT ENFORCED
)
CLUSTER BY `b`, `i`, `n`, `m`
OPTIONS (description = 'Kept equal to public.item by Plimsoll', labels = [('managed-by', 'plimsoll'), ('plimsoll-apply', 'append')]);
