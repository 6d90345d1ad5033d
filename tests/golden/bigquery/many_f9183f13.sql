-- table demo.app.many: id INT64, v STRING
-- table demo.app_staging.many__RUN: _plimsoll_op STRING, id INT64, v STRING
MERGE `demo.app.many` AS T
USING `demo.app_staging.many__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' THEN UPDATE SET T.`v` = S.`v`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `v`) VALUES (S.`id`, S.`v`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
