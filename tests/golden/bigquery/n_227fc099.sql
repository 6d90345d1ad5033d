-- table demo.app.n: a INT64, b INT64
-- table demo.app_staging.n__RUN: _plimsoll_op STRING, a INT64, b INT64
MERGE `demo.app.n` AS T
USING `demo.app_staging.n__RUN` AS S
ON T.`a` = S.`a`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' THEN UPDATE SET T.`b` = S.`b`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`a`, `b`) VALUES (S.`a`, S.`b`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
