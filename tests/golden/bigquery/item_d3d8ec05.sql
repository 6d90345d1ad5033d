-- table demo.app.item: a STRING, b INT64, v STRING
-- table demo.app_staging.item__RUN: _plimsoll_op STRING, a STRING, b INT64, v STRING
MERGE `demo.app.item` AS T
USING (SELECT * FROM `demo.app_staging.item__RUN` WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY `_plimsoll_op`, `a`, `b`, `v`) = 1) AS S
ON T.`a` = S.`a` AND T.`b` = S.`b` AND T.`a` BETWEEN 'a' AND 'z'
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`v` = S.`v`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`a`, `b`, `v`) VALUES (S.`a`, S.`b`, S.`v`)
