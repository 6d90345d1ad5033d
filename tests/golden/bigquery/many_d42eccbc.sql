-- table demo.app.many: id INT64, v INT64
-- table demo.app_staging.many__RUN: _plimsoll_op STRING, id INT64, v INT64
MERGE `demo.app.many` AS T
USING `demo.app_staging.many__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' AND (T.`v` IS DISTINCT FROM S.`v`) THEN UPDATE SET T.`v` = S.`v`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `v`) VALUES (S.`id`, S.`v`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
