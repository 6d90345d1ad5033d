-- table demo.app.item: a STRING, b STRING, c STRING, v INT64
-- table demo.app_staging.item__RUN: _plimsoll_op STRING, a STRING, b STRING, c STRING, v INT64
MERGE `demo.app.item` AS T
USING (SELECT * FROM `demo.app_staging.item__RUN` WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY `_plimsoll_op`, `a`, `b`, `c`, `v`) = 1) AS S
ON T.`a` = S.`a` AND T.`b` = S.`b` AND T.`c` = S.`c` AND T.`a` BETWEEN 'a' AND 'z'
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`v` = S.`v`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`a`, `b`, `c`, `v`) VALUES (S.`a`, S.`b`, S.`c`, S.`v`)
