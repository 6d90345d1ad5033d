-- table demo.app.item: _plimsoll_row STRING, _plimsoll_copy INT64, a STRING, b INT64
CREATE OR REPLACE TABLE `demo.app.item`
(
  `_plimsoll_row` STRING NOT NULL,
  `_plimsoll_copy` INT64 NOT NULL,
  `a` STRING,
  `b` INT64,
  PRIMARY KEY (`_plimsoll_row`, `_plimsoll_copy`) NOT ENFORCED
)
CLUSTER BY `_plimsoll_row`, `_plimsoll_copy`
OPTIONS (description = 'Kept equal to public.item by Plimsoll', labels = [('managed-by', 'plimsoll'), ('plimsoll-apply', 'append')]);
