-- table demo.app.k: k STRING, v INT64
-- table demo.app_staging.k__RUN: _plimsoll_op STRING, k STRING, v INT64
MERGE `demo.app.k` AS T
USING `demo.app_staging.k__RUN` AS S
ON T.`k` = S.`k`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' AND (T.`v` IS DISTINCT FROM S.`v`) THEN UPDATE SET T.`v` = S.`v`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`k`, `v`) VALUES (S.`k`, S.`v`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
