-- table demo.app.item: a STRING, b INT64, v STRING, w INT64
-- table demo.app_staging.item__RUN: _plimsoll_op STRING, a STRING, b INT64, v STRING, w INT64
MERGE `demo.app.item` AS T
USING `demo.app_staging.item__RUN` AS S
ON T.`a` = S.`a` AND T.`b` = S.`b`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' THEN UPDATE SET T.`v` = S.`v`, T.`w` = S.`w`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`a`, `b`, `v`, `w`) VALUES (S.`a`, S.`b`, S.`v`, S.`w`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
